import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.http import (
    PercentDecodingError,
    Query,
    QueryLimitError,
    decode_path_segment,
    encode_path_value,
    nest_pairs,
)


def test_values_are_decoded_with_plus_as_a_space():
    """REST-082"""
    query = Query(b"a=x+y%2B&b=%C3%A9&c=&d&a=2")
    assert query.getlist("a") == ["x y+", "2"]
    assert query.getlist("b") == ["é"]
    assert query.getlist("c") == [""]
    assert query.getlist("d") == [""]
    assert query.getlist("e") == []
    assert query.has("d")
    assert not query.has("e")
    assert list(query.names()) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("raw", [b"a=%", b"a=%4", b"a=%zz", b"a=%ff", b"a=\xff", b"a=%C3"])
def test_a_requested_value_that_does_not_decode_is_an_error_and_another_is_not(raw):
    """REST-109"""
    query = Query(raw + b"&b=1")
    assert query.getlist("b") == ["1"]
    with pytest.raises(PercentDecodingError) as caught:
        query.getlist("a")
    assert caught.value.status == 400
    assert query.as_dict()["b"] == "1"


def test_the_parsed_query_has_texts_lists_and_nested_mappings():
    """REST-108"""
    assert Query(b"x=1&y[a]=2").as_dict() == {"x": "1", "y": {"a": "2"}}
    assert Query(b"x=1&x=2&y%5Ba%5D%5Bb%5D=3&z[]=1&z[]=2").as_dict() == {
        "x": ["1", "2"],
        "y": {"a": {"b": "3"}},
        "z": ["1", "2"],
    }
    assert Query(b"").as_dict() == {}
    assert Query(b"&&a=1&").as_dict() == {"a": "1"}


@pytest.mark.parametrize(
    ("raw", "tree"),
    [
        (b"f[where][id]=1", {"where": {"id": "1"}}),
        (b"f%5Bwhere%5D%5Bid%5D=1", {"where": {"id": "1"}}),
        (b"f[]=a&f[]=b", ["a", "b"]),
        (b"f[1]=b&f[0]=a", ["a", "b"]),
        (b"f[10]=c&f[9]=b&f[]=d", ["b", "c", "d"]),
        (b"f[or][0][a]=1&f[or][1][b]=2", {"or": [{"a": "1"}, {"b": "2"}]}),
        (b"f[a][inq]=1&f[a][inq]=2", {"a": {"inq": ["1", "2"]}}),
        (b"f[a][0]=x&f[a][b]=y", {"a": {"0": "x", "b": "y"}}),
        (b"f[fields][title]=true", {"fields": {"title": "true"}}),
    ],
)
def test_brackets_spell_trees(raw, tree):
    """REST-100, REST-101"""
    assert Query(raw).nested("f") == tree
    assert Query(raw).getlist("f") == []


def test_what_looks_like_brackets_and_is_not_stays_a_name():
    assert Query(b"a[b=1&c]=2&d[e]f=3&[g]=4").as_dict() == {"a[b": "1", "c]": "2", "d[e]f": "3", "[g]": "4"}


def test_indexes_are_remembered_for_who_wanted_names():
    tree = Query(b"f[7]=x&f[3]=y").nested("f")
    assert tree == ["y", "x"]
    assert tree.indexes == ["3", "7"]


def test_depth_and_number_of_pairs_are_limited():
    """REST-105"""
    deep = b"f" + b"[a]" * 20 + b"=1"
    assert Query(deep).nested("f") is not None
    with pytest.raises(QueryLimitError) as caught:
        Query(b"f" + b"[a]" * 21 + b"=1").nested("f")
    assert (caught.value.status, caught.value.kind) == (400, "depth")
    assert Query(b"f[a][b]=1", depth=2).nested("f") == {"a": {"b": "1"}}
    with pytest.raises(QueryLimitError):
        Query(b"f[a][b]=1", depth=1).nested("f")
    assert len(Query(b"&".join([b"a=1"] * 1000)).getlist("a")) == 1000
    with pytest.raises(QueryLimitError) as caught:
        Query(b"&".join([b"a=1"] * 1001)).getlist("a")
    assert caught.value.kind == "pairs"
    with pytest.raises(QueryLimitError):
        Query(b"a=1&b=2", limit=1).has("a")


@pytest.mark.parametrize("index", [b"1001", b"99999999999999999999999999", b"0001001"])
def test_list_indexes_above_the_limit_are_refused_and_gaps_allocate_nothing(index):
    """REST-105"""
    assert Query(b"t[1000]=a&t[0]=b").nested("t") == ["b", "a"]
    with pytest.raises(QueryLimitError) as caught:
        Query(b"t[" + index + b"]=a").nested("t")
    assert caught.value.kind == "index"


def test_a_hostile_query_costs_little_time():
    """REST-105"""
    raw = b"&".join(b"f" + b"[a]" * 20 + b"[%d]=1" % number for number in range(999))
    begin = time.perf_counter()
    with pytest.raises(QueryLimitError):
        Query(raw).nested("f")
    assert time.perf_counter() - begin < 1


def test_pairs_of_a_form_nest_in_the_same_way():
    """REST-122"""
    assert nest_pairs([("[lat]", "1"), ("[tags][0]", "a")]) == {"lat": "1", "tags": ["a"]}


def test_a_path_segment_is_decoded_once_and_strictly():
    """REST-109, REST-110"""
    assert decode_path_segment("a%2Fb") == "a/b"
    assert decode_path_segment("100%2525") == "100%25"
    assert decode_path_segment("a+b") == "a+b"
    for bad in ("%", "%e", "%ff", "a%zz"):
        with pytest.raises(PercentDecodingError):
            decode_path_segment(bad)


@given(st.text())
def test_what_is_encoded_for_a_path_decodes_to_itself(text):
    """REST-175"""
    encoded = encode_path_value(text)
    assert encoded.isascii()
    assert "/" not in encoded
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert decode_path_segment(encoded) == text


@given(st.binary(max_size=60))
def test_any_bytes_give_a_query_or_an_error_of_ours(raw):
    """REST-109"""
    query = Query(raw)
    try:
        assert isinstance(query.as_dict(), dict)
        for name in query.names():
            query.getlist(name)
            query.nested(name)
    except (PercentDecodingError, QueryLimitError):
        pass
