from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.errors import MainspringError
from mainspring.http import format_cookie, parse_cookies


def test_cookies_are_read_leniently_and_the_first_of_a_name_counts():
    """REST-084"""
    assert parse_cookies(['sid=abc; theme="dark"; broken; =x; a b=c; sid=later', "more=1=2"]) == {
        "sid": "abc",
        "theme": "dark",
        "more": "1=2",
    }
    assert parse_cookies([]) == {}
    assert parse_cookies(["", ";;;", "="]) == {}


@given(st.lists(st.text()))
def test_any_cookie_lines_can_be_read(lines):
    """REST-084"""
    assert isinstance(parse_cookies(lines), dict)


def test_a_cookie_is_written_with_the_usual_attributes():
    """REST-172"""
    assert format_cookie("sid", "abc") == "sid=abc; Path=/; SameSite=Lax"
    full = format_cookie(
        "sid",
        "abc",
        max_age=timedelta(minutes=1),
        expires=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        path="/x",
        domain="example.com",
        secure=True,
        http_only=True,
        same_site="none",
        partitioned=True,
    )
    assert full == (
        "sid=abc; Max-Age=60; Expires=Fri, 02 Jan 2026 03:04:05 GMT; Domain=example.com; Path=/x; SameSite=None;"
        " Secure; HttpOnly; Partitioned"
    )
    assert format_cookie("a", "", path=None, same_site=None) == "a="


@pytest.mark.parametrize(
    ("name", "value", "options"),
    [
        ("a b", "x", {}),
        ("", "x", {}),
        ("a", "x;y", {}),
        ("a", "x\r\ny", {}),
        ("a", "x y", {}),
        ("a", 'x"', {}),
        ("a", "é", {}),
        ("a", "x", {"path": "/;x"}),
        ("a", "x", {"domain": "a\nb"}),
        ("a", "x", {"same_site": "none"}),
        ("a", "x", {"same_site": "other"}),
        ("a", "x", {"partitioned": True}),
    ],
)
def test_what_cannot_stand_in_a_cookie_is_refused(name, value, options):
    """REST-172, HTTP-015"""
    with pytest.raises(ValueError, match="cannot be written") as caught:
        format_cookie(name, value, **options)
    assert isinstance(caught.value, MainspringError)


@given(st.text(), st.text())
def test_a_written_cookie_is_read_as_it_was(name, value):
    """REST-084, REST-172"""
    try:
        line = format_cookie(name, value)
    except ValueError:
        return
    assert parse_cookies([line.partition(";")[0]]) == {name: value}
