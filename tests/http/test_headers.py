import pickle
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.errors import MainspringError
from mainspring.http import Headers, InvalidHeaderError, ResponseHeaders


def test_request_headers_are_found_in_any_case_and_keep_duplicates():
    """HTTP-016, REST-178"""
    headers = Headers([(b"X-A", b"1"), (b"x-a", b"2"), (b"Host", b"h")])
    assert headers.getlist("X-a") == ["1", "2"]
    assert headers["x-A"] == "1, 2"
    assert headers.first("X-A") == "1"
    assert headers.get("none") is None
    assert "HOST" in headers
    assert list(headers) == ["x-a", "host"]
    assert len(headers) == 2


def test_cookies_are_never_joined_by_commas():
    """REST-083"""
    headers = Headers([(b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"set-cookie", b"x=1"), (b"set-cookie", b"y=2")])
    assert headers["cookie"] == "a=1; b=2"
    assert headers["set-cookie"] == "x=1"
    assert headers.getlist("set-cookie") == ["x=1", "y=2"]


def test_request_header_bytes_are_latin_1():
    """HTTP-019"""
    assert Headers([(b"x", b"caf\xe9")])["x"] == "café"


def test_assignment_replaces_and_append_keeps_the_order_of_lines():
    """HTTP-016"""
    headers = ResponseHeaders([("A", "1")])
    headers.append("B", "2")
    headers.append("A", "3")
    headers.append("C", "4")
    assert headers.raw == [(b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"c", b"4")]
    headers["A"] = "9"
    assert headers.raw == [(b"a", b"9"), (b"b", b"2"), (b"c", b"4")]
    del headers["b"]
    assert headers.raw == [(b"a", b"9"), (b"c", b"4")]
    assert headers.getlist("nothing") == []
    with pytest.raises(KeyError):
        del headers["b"]
    assert headers.setdefault("D", "5") == "5"
    assert dict(headers) == {"a": "9", "c": "4", "d": "5"}


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\n", "\xe9", "a\0", "(a)", 'a"'])
def test_a_name_that_is_no_token_is_refused(name):
    """HTTP-015"""
    headers = ResponseHeaders()
    for change in (lambda: headers.append(name, "x"), lambda: headers.__setitem__(name, "x")):
        with pytest.raises(ValueError, match="not allowed") as caught:
            change()
        assert isinstance(caught.value, MainspringError)
    assert headers.raw == []


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\0", "\x7f", "\x1b"])
def test_a_value_that_could_end_the_line_is_refused(value):
    """HTTP-015"""
    headers = ResponseHeaders()
    with pytest.raises(ValueError, match="control character"):
        headers["X-A"] = value
    assert headers.raw == []


def test_a_value_outside_latin_1_is_refused_and_one_inside_is_sent():
    """HTTP-019"""
    headers = ResponseHeaders()
    with pytest.raises(ValueError, match="Latin-1"):
        headers["X-A"] = "\u20ac"
    headers["X-A"] = "café"
    assert headers.raw == [(b"x-a", b"caf\xe9")]
    assert headers["x-a"] == "café"


@given(st.text(), st.text())
def test_no_line_ever_holds_what_ends_a_line(name, value):
    """HTTP-015, HTTP-019"""
    headers = ResponseHeaders()
    with suppress(InvalidHeaderError):
        headers.append(name, value)
    for pair in headers.raw:
        assert not any(byte in part for part in pair for byte in b"\r\n\0")


def test_the_error_survives_pickling():
    """HTTP-015"""
    with pytest.raises(InvalidHeaderError) as caught:
        ResponseHeaders()["A"] = "x\ny"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_numbers_are_written_and_other_things_are_refused():
    headers = ResponseHeaders()
    headers["Content-Length"] = 12
    assert headers["content-length"] == "12"
    with pytest.raises(TypeError, match="must be text"):
        headers["X-A"] = None


def test_vary_keeps_what_is_there_and_names_each_once():
    """HTTP-009"""
    headers = ResponseHeaders([("Vary", "Accept, origin")])
    headers.add_vary("Origin", "Accept-Encoding")
    assert headers.getlist("vary") == ["Accept, origin, Accept-Encoding"]
    everything = ResponseHeaders([("Vary", "*")])
    everything.add_vary("Origin")
    assert everything["vary"] == "*"


def test_a_copy_is_on_its_own():
    headers = ResponseHeaders([("A", "1")])
    merged = headers.copy({"A": "2", "B": "3"})
    assert headers.raw == [(b"a", b"1")]
    assert merged.raw == [(b"a", b"2"), (b"b", b"3")]
