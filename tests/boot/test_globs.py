"""Matching a path against a pattern, without a file system."""

import pytest

from mainspring.boot.globs import matches


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("**/test_*.py", "test_a.py", True),
        ("**/test_*.py", "deep/er/test_a.py", True),
        ("**/test_*.py", "tests/a.py", False),
        ("a/*.py", "a/b.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("a/**/b/*.py", "a/b/c.py", True),
        ("a/**/b/*.py", "a/x/y/b/c.py", True),
        ("a/**", "a/b/c.py", True),
        ("{a,b/c}/*.py", "b/c/d.py", True),
        ("/a.py", "a.py", True),
        ("*.py", ".hidden.py", False),
    ],
)
def test_a_path_is_matched_as_discovery_reads_the_pattern(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected
