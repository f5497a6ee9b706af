import pytest

from mainspring.errors import MainspringError
from mainspring.http import has_body, parse_size, reason_phrase


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (2000, 2000),
        (0, 0),
        ("2000", 2000),
        ("10b", 10),
        ("1kb", 1024),
        ("4mb", 4 * 1024**2),
        ("4 MB", 4 * 1024**2),
        ("1.5Kb", 1536),
        ("2GB", 2 * 1024**3),
    ],
)
def test_sizes_count_in_steps_of_1024_in_any_case(value, size):
    """REST-134"""
    assert parse_size(value) == size


@pytest.mark.parametrize("value", ["", "mb", "-1", -1, "4tb", "4 m b", None, 1.5, True, "\u0661kb", []])
def test_what_is_no_size_is_an_error_at_once(value):
    """REST-134"""
    with pytest.raises(ValueError, match="is no size") as caught:
        parse_size(value)
    assert isinstance(caught.value, MainspringError)


def test_statuses_without_body():
    """REST-173"""
    assert [status for status in (100, 103, 200, 201, 204, 205, 304, 400, 500) if not has_body(status)] == [
        100,
        103,
        204,
        205,
        304,
    ]


def test_unknown_statuses_are_named_by_their_class():
    assert reason_phrase(200) == "OK"
    assert reason_phrase(299) == "Success"
    assert reason_phrase(999) == "Unknown Status"
