"""Makers of filters and conditions."""

import pytest

from mainspring.repository import FilterBuilder, WhereBuilder, filter_template, is_filter


def test_conditions_merge_flat_or_under_and():
    """FILTER-040, FILTER-041, FILTER-042, FILTER-043"""
    assert WhereBuilder().eq("a", 1).gt("b", 2).between("c", 1, 2).exists("d").build() == {
        "a": 1,
        "b": {"gt": 2},
        "c": {"between": [1, 2]},
        "d": {"exists": True},
    }
    assert WhereBuilder().eq("a", 1).eq("a", 2).build() == {"and": [{"a": 1}, {"a": 2}]}
    assert WhereBuilder().and_({"a": 1}, [{"b": 2}]).build() == {"and": [{"a": 1}, {"b": 2}]}
    assert WhereBuilder().and_({"a": 1}).and_({"b": 2}).build() == {"and": [{"and": [{"a": 1}]}, {"and": [{"b": 2}]}]}
    assert WhereBuilder({"a": 1}).impose({"b": 2}).build() == {"a": 1, "b": 2}
    assert WhereBuilder().not_({"a": 1}).build() == {"not": {"a": 1}}


def test_filters_accumulate():
    """FILTER-044, FILTER-046, FILTER-049"""
    seed = {"order": ["z ASC"]}
    builder = (
        FilterBuilder(seed).fields("a", {"b": False}, ["c"]).include("x", {"relation": "y"}).order("a", {"b": "DESC"})
    )
    built = builder.limit(2).skip(3).where({"x": 1}).impose({"y": 2}).build()
    assert built == {
        "order": ["z ASC", "a ASC", "b DESC"],
        "fields": {"a": True, "b": False, "c": True},
        "include": [{"relation": "x"}, {"relation": "y"}],
        "limit": 2,
        "offset": 3,
        "where": {"x": 1, "y": 2},
    }
    built["order"].clear()
    assert builder.build()["order"] == ["z ASC", "a ASC", "b DESC"]
    assert seed == {"order": ["z ASC"]}


def test_wrong_parts_raise():
    """FILTER-045, FILTER-046, FILTER-047"""
    with pytest.raises(ValueError, match=r"0.*positive"):
        FilterBuilder().limit(0)
    with pytest.raises(TypeError, match="begins with a filter"):
        FilterBuilder(dict)  # type: ignore[arg-type]  # a class, as other builders take one
    with pytest.raises(ValueError, match="Invalid order"):
        FilterBuilder().order("a x")
    with pytest.raises(ValueError, match="-1"):
        FilterBuilder().offset(-1)
    with pytest.raises(NotImplementedError, match="merging"):
        FilterBuilder().impose({"where": {}, "limit": 1})
    assert FilterBuilder().impose({"x": 1, "fields": "z"}).build() == {"where": {"x": 1, "fields": "z"}}
    assert not is_filter({"x": 1, "fields": "z"})


def test_templates_are_filled():
    """FILTER-048"""
    make = filter_template('{"limit": $limit, "where": {$key: $pages.size}}')
    assert make({"limit": 5, "key": 'a"b', "pages": {"size": [1]}}) == {"limit": 5, "where": {'a"b': [1]}}
    with pytest.raises(ValueError, match="Invalid JSON"):
        make({"limit": 5})
