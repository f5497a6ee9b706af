from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.http import (
    Headers,
    RangeNotSatisfiableError,
    evaluate_preconditions,
    format_http_date,
    if_range_matches,
    parse_http_date,
    parse_range,
    weak_match,
)

MOMENT = datetime(2026, 11, 20, 8, 49, 37, 123456, tzinfo=UTC)
DATE = "Fri, 20 Nov 2026 08:49:37 GMT"


def test_dates_are_written_as_imf_fixdates_whatever_the_zone():
    assert format_http_date(MOMENT) == DATE
    assert format_http_date(MOMENT.timestamp()) == DATE
    assert format_http_date(MOMENT.replace(tzinfo=None)) == DATE


@pytest.mark.parametrize(
    "text", [DATE, "Friday, 20-Nov-26 08:49:37 GMT", "Fri Nov 20 08:49:37 2026", "Fri, 20 Nov 2026 08:49:37 GMT "]
)
def test_all_three_forms_of_dates_are_read(text):
    """REST-200"""
    assert parse_http_date(text) == MOMENT.replace(microsecond=0)


@pytest.mark.parametrize("text", ["", "yesterday", "Fri, 32 Nov 2026 08:49:37 GMT", "Fri, 20 Foo 2026 08:49:37 GMT"])
def test_what_is_no_date_is_none(text):
    assert parse_http_date(text) is None


def test_two_digit_years_are_of_the_nearest_century():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert parse_http_date("Friday, 20-Nov-70 08:49:37 GMT", now=now).year == 2070
    assert parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now=now).year == 1994


@pytest.mark.parametrize(
    ("header", "etag", "matches"),
    [
        ('"a"', '"a"', True),
        ('W/"a"', '"a"', True),
        ('"a"', 'W/"a"', True),
        ('"b", W/"a" , "c"', '"a"', True),
        ("*", '"a"', True),
        ('"a,b"', '"a,b"', True),
        ('"b"', '"a"', False),
        ("a", '"a"', False),
        ('"a"', None, False),
    ],
)
def test_tags_compare_weakly(header, etag, matches):
    """REST-171, REST-200"""
    assert weak_match(header, etag) is matches


@pytest.mark.parametrize(
    ("method", "headers", "outcome"),
    [
        ("GET", {}, 200),
        ("GET", {"if-none-match": '"a"'}, 304),
        ("HEAD", {"if-none-match": "*"}, 304),
        ("PUT", {"if-none-match": "*"}, 412),
        ("GET", {"if-none-match": '"b"'}, 200),
        ("GET", {"if-none-match": '"b"', "if-modified-since": DATE}, 200),
        ("GET", {"if-modified-since": DATE}, 304),
        ("POST", {"if-modified-since": DATE}, 200),
        ("GET", {"if-modified-since": "Fri, 20 Nov 2026 08:49:36 GMT"}, 200),
        ("GET", {"if-modified-since": "nonsense"}, 200),
        ("PUT", {"if-match": '"a"'}, 200),
        ("PUT", {"if-match": 'W/"a"'}, 412),
        ("PUT", {"if-match": '"b"'}, 412),
        ("PUT", {"if-match": "*"}, 200),
        ("PUT", {"if-unmodified-since": DATE}, 200),
        ("PUT", {"if-unmodified-since": "Fri, 20 Nov 2026 08:49:36 GMT"}, 412),
        ("PUT", {"if-match": '"a"', "if-unmodified-since": "Fri, 20 Nov 2026 08:49:36 GMT"}, 200),
    ],
)
def test_conditions_are_evaluated_in_the_order_of_the_rfc(method, headers, outcome):
    """REST-171, REST-200"""
    assert evaluate_preconditions(method, Headers.of(headers), etag='"a"', last_modified=MOMENT) == outcome


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=2-5", "bytes 2-5/10"),
        ("bytes=5-", "bytes 5-9/10"),
        ("bytes=-3", "bytes 7-9/10"),
        ("bytes=0-99", "bytes 0-9/10"),
        ("bytes=-99", "bytes 0-9/10"),
        ("Bytes = 1 - 1", "bytes 1-1/10"),
        ("bytes=0-" + "9" * 50, "bytes 0-9/10"),
        (None, None),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=0-1,3-4", None),
        ("items=0-1", None),
    ],
)
def test_ranges_are_clipped_or_ignored(header, expected):
    """REST-201"""
    found = parse_range(header, 10)
    assert (found.content_range if found else None) == expected
    if found:
        assert found.length == found.last - found.first + 1


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=" + "9" * 50 + "-", "bytes=-0"])
def test_a_range_beyond_the_end_is_not_satisfiable(header):
    """REST-201"""
    with pytest.raises(RangeNotSatisfiableError) as caught:
        parse_range(header, 10)
    assert (caught.value.status, caught.value.content_range) == (416, "bytes */10")


def test_a_range_of_another_version_means_the_whole():
    """REST-201"""
    assert if_range_matches(None, etag='"a"')
    assert if_range_matches('"a"', etag='"a"')
    assert not if_range_matches('W/"a"', etag='W/"a"')
    assert not if_range_matches('"b"', etag='"a"')
    assert if_range_matches(DATE, last_modified=MOMENT)
    assert not if_range_matches(DATE, last_modified=MOMENT + timedelta(seconds=1))
    assert not if_range_matches("nonsense", etag='"a"', last_modified=MOMENT)


@given(st.text(), st.integers(min_value=0, max_value=10_000))
def test_any_range_text_gives_a_part_of_the_thing_or_nothing(text, size):
    """REST-201"""
    for header in (text, f"bytes={text}"):
        try:
            found = parse_range(header, size)
        except RangeNotSatisfiableError:
            continue
        assert found is None or 0 <= found.first <= found.last < size
