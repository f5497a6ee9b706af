"""Paths that try to lead out of the folder of static files."""

import pytest


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt",
        "%2e%2e/outside.txt",
        "..%2foutside.txt",
        "%252e%252e/outside.txt",
        "..%252foutside.txt",
        "..\\outside.txt",
        "..%5coutside.txt",
        "%2e%2e%5coutside.txt",
        "..%c0%afoutside.txt",
        "%c0%ae%c0%ae/outside.txt",
        "%e2%80%a5/outside.txt",
        "..%00/outside.txt",
        ".%00./outside.txt",
        "..;/outside.txt",
        "....//outside.txt",
        "sub/../../outside.txt",
        "sub/%2e%2e/%2e%2e/outside.txt",
        "/etc/passwd",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "file:///etc/passwd",
        "C:/Windows/win.ini",
        "C:%5cWindows%5cwin.ini",
        "%5c%5cserver%5cshare",
        "a.txt%00.html",
        "a.txt%00",
        "a.txt::$DATA",
        "a.txt/",
        "a.txt/.",
        "./a.txt",
        "link.txt",
        "up/outside.txt",
        "loop",
        "loop/a",
        ".hidden",
        "%2ehidden",
        "~root",
        "CON",
        "a" * 300,
        "a/" * 2000,
        "%",
        "%zz",
    ],
    ids=lambda path: path[:30],
)
def test_nothing_outside_is_read(target, path):
    """REST-198, REST-199"""
    answer = target.get(f"/files/{path}")
    assert answer.status == 404
    assert answer.code is None
    assert target.get(f"/files/a.txt/../{path}").status == 404


@pytest.mark.parametrize(
    "line", ["http://evil/files/../outside.txt", "/files/../../outside.txt", "//files/../outside.txt"]
)
def test_neither_by_other_forms_of_the_target(target, line):
    """REST-199"""
    assert target.get(line).status == 404


def test_a_redirect_to_the_slash_stays_here(target):
    """REST-198"""
    assert target.get("/files/sub").header("location") == "./sub/"
    for path in ("//evil.example/%2e%2e/files/sub", "/files//evil.example/%2e%2e/sub", "//files/sub"):
        answer = target.get(path)
        assert answer.status == 404
        assert answer.header("location") is None
