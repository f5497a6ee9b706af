import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.http import (
    is_json,
    media_type_matches,
    negotiate,
    negotiate_encoding,
    parse_media_type,
    parse_quality_list,
)


def test_a_media_type_is_read_with_its_parameters():
    found = parse_media_type('Text/HTML; Charset="utf-8"; x=a')
    assert (found.type, found.subtype, found.charset) == ("text", "html", "utf-8")
    assert dict(found.parameters) == {"charset": "utf-8", "x": "a"}
    assert found.essence == "text/html"


@pytest.mark.parametrize("text", ["", "json", "a/", "/b", "a/b/c", "a b/c", "a/b c"])
def test_what_is_no_media_type_is_none(text):
    assert parse_media_type(text) is None


@pytest.mark.parametrize(
    ("declared", "actual", "matches"),
    [
        ("application/json", "application/json; charset=utf-8", True),
        ("application/json; charset=utf-8", "application/json", True),
        ("image/*", "image/png", True),
        ("image/*", "text/png", False),
        ("*/*", "a/b", True),
        ("*/*+json", "application/vnd.x+json", True),
        ("application/*+json", "application/vnd.x+json", True),
        ("*/*+json", "application/json", False),
        ("application/json", "application/vnd.x+json", False),
    ],
)
def test_declared_types_match_without_parameters_and_with_wildcards(declared, actual, matches):
    """REST-116"""
    assert media_type_matches(declared, actual) is matches


@pytest.mark.parametrize(
    ("text", "json"),
    [("application/json", True), ("text/json", True), ("application/problem+json", True), ("text/plain", False)],
)
def test_json_types_are_known(text, json):
    """REST-116"""
    assert is_json(parse_media_type(text)) is json


@pytest.mark.parametrize(
    ("accept", "offered", "chosen"),
    [
        (None, ["a/b", "c/d"], "a/b"),
        ("", ["a/b", "c/d"], "a/b"),
        ("c/d", ["a/b", "c/d"], "c/d"),
        ("*/*", ["a/b", "c/d"], "a/b"),
        ("a/b;q=0.5, c/d;q=0.8", ["a/b", "c/d"], "c/d"),
        ("a/*;q=0.5, a/b;q=0.1, c/d;q=0.3", ["a/b", "c/d"], "c/d"),
        ("a/*, a/b;q=0", ["a/b", "a/c"], "a/c"),
        ("*/*;q=0.1, c/*", ["a/b", "c/d"], "c/d"),
        ("x/y", ["a/b"], None),
        ("a/b;q=0", ["a/b"], None),
        ("c/d, a/b", ["a/b", "c/d"], "a/b"),
        ("application/json;charset=utf-8", ["application/json"], "application/json"),
        ("application/json;version=2", ["application/json"], None),
        ('text/html;level="1,2";q=0.3, text/html;q=0.7', ["text/html"], "text/html"),
        ("nonsense", ["a/b"], "a/b"),
    ],
)
def test_the_accepted_type_of_most_weight_and_exactness_is_chosen(accept, offered, chosen):
    """REST-167"""
    assert negotiate(accept, offered) == chosen


def test_malformed_members_of_lists_are_skipped():
    assert parse_quality_list("gzip;q=0.5, br;q=7, , deflate;q=x, identity") == [("gzip", 0.5), ("identity", 1.0)]


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("*", "br"),
        ("*, br;q=0", "gzip"),
        ("x-gzip", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("GZIP", "gzip"),
    ],
)
def test_a_content_coding_is_chosen_by_the_clients_weights(header, chosen):
    """HTTP-010"""
    assert negotiate_encoding(header, ["br", "gzip"]) == chosen


@given(st.text())
def test_any_text_may_be_sent_as_accept(text):
    assert negotiate(text, ["application/json"]) in (None, "application/json")
    negotiate_encoding(text, ["gzip"])
