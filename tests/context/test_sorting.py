"""Sorting bindings by a tag."""

from enum import Enum, StrEnum
from functools import cmp_to_key
from typing import Any

import pytest

from mainspring.context import (
    Binding,
    Context,
    compare_bindings_by_tag,
    filter_by_tag,
    inject,
    sort_bindings_by_phase,
)


class Phase(Enum):
    """Values that are no text."""

    LATE = "late"
    EARLY = "early"


class Word(StrEnum):
    """Values that are text."""

    B = "b"
    A = "a"


def tagged(value: Any) -> Binding[Any]:
    """A binding with a phase."""
    return Binding("k").tag({"phase": value})


def sign(first: Any, second: Any, order: Any = ()) -> int:
    """How two values compare."""
    result = compare_bindings_by_tag("phase", order)(tagged(first), tagged(second))
    opposite = compare_bindings_by_tag("phase", order)(tagged(second), tagged(first))
    assert (result > 0) == (opposite < 0)
    assert (result == 0) == (opposite == 0)
    return (result > 0) - (result < 0)


@pytest.mark.parametrize(
    ("first", "second", "order", "expected"),
    [
        ("a", "b", (), -1),
        ("b", "a", (), 1),
        ("a", "a", (), 0),
        ("a", "b", ("b", "a"), 1),
        ("a", "b", ["a"], 1),
        ("x", "b", ("b", "a"), -1),
        ("x", "y", ("b", "a"), -1),
        ("b", "b", ("b", "a"), 0),
        (None, "", (), 0),
        (None, "a", (), -1),
        ("", "a", ("a",), -1),
        (None, "a", ("a", ""), 1),
        ("", "a", ("a", None), 1),
        ("B", "a", (), -1),
        ("10", "9", (), -1),
    ],
)
def test_tag_values_are_compared_by_their_place_then_as_text(
    first: Any, second: Any, order: Any, expected: int
) -> None:
    """CTX-480"""
    assert sign(first, second, order) == expected


def test_missing_tag_is_the_empty_text() -> None:
    """CTX-480"""
    for order in ((), ("",), (None, "a"), ("a", "")):
        compare = compare_bindings_by_tag("phase", order)
        assert compare(Binding("a"), tagged("")) == 0
        assert compare(Binding("a"), tagged(None)) == 0
        assert compare(Binding("a"), Binding("b").tag({"other": "x"})) == 0
    assert compare_bindings_by_tag("phase", ["a", ""])(Binding("k"), tagged("a")) > 0
    assert compare_bindings_by_tag("other")(Binding("k").tag({"other": "x"}), Binding("k")) > 0
    assert compare_bindings_by_tag()(tagged("a"), tagged("b")) < 0


def test_values_may_be_any_hashable_object() -> None:
    """CTX-481"""
    sentinel, other = object(), object()
    assert sign(Phase.LATE, Phase.EARLY, [Phase.LATE, Phase.EARLY]) == -1
    assert sign(Phase.LATE, Phase.EARLY) == 1
    assert sign(Phase.LATE, "a") == -1
    assert sign(Phase.LATE, "") == -1
    assert sign(Phase.LATE, None) == -1
    assert sign(Phase.LATE, "a", ["a"]) == -1
    assert sign(Phase.LATE, "a", [Phase.LATE]) == 1
    assert sign(sentinel, other) == 0
    assert sign(sentinel, other, [other, sentinel]) == 1
    assert sign(sentinel, "a") == -1
    assert sign(1, "0") == -1
    assert sign(2, 1, [2, 1]) == -1
    assert sign((1, 2), (1, 2), [(1, 2)]) == 0
    assert sign(Word.A, "b") == -1
    assert sign(Word.A, "a", ["a"]) == 0


def test_sorting_is_stable_and_leaves_the_input_alone() -> None:
    """CTX-482"""
    values = ["b", None, "a", "b", "", "c", "a", Phase.LATE]
    bindings = [Binding(f"k{i}").tag({"phase": value} if value is not None else {}) for i, value in enumerate(values)]
    before = list(bindings)

    def keys(found: list[Binding[Any]]) -> list[int]:
        return [int(binding.key[1:]) for binding in found]

    assert keys(sort_bindings_by_phase(bindings, "phase", ["b", "a"])) == [7, 1, 4, 5, 0, 3, 2, 6]
    assert keys(sort_bindings_by_phase(iter(bindings))) == [7, 1, 4, 2, 6, 0, 3, 5]
    assert keys(sort_bindings_by_phase(bindings, "absent", ["b"])) == list(range(8))
    assert keys(sort_bindings_by_phase(bindings, tag="phase", order=[""])) == [7, 2, 6, 0, 3, 5, 1, 4]
    assert bindings == before
    found = sort_bindings_by_phase(bindings)
    assert isinstance(found, list)
    assert found is not bindings
    assert sort_bindings_by_phase([]) == []


async def test_any_function_of_two_bindings_is_a_comparator() -> None:
    """CTX-483"""
    ctx = Context()
    for key in ("bbb", "a", "cc"):
        ctx.bind(key).to(key).tag("t")

    def by_length(first: Binding[Any], second: Binding[Any]) -> int:
        return len(first.key) - len(second.key)

    class Service:
        values: list[str] = inject(filter_by_tag("t"), comparator=by_length)
        tagged: list[str] = inject.tag("t", comparator=by_length)

    ctx.bind("service").to_class(Service)
    view = ctx.create_view(filter_by_tag("t"), by_length)
    assert [binding.key for binding in view.bindings] == ["a", "cc", "bbb"]
    assert await view.values() == ["a", "cc", "bbb"]
    for _ in range(4):
        service = ctx.get_sync("service")
        assert service.values == service.tagged == ["a", "cc", "bbb"]
    assert sorted(ctx.find_by_tag("t"), key=cmp_to_key(compare_bindings_by_tag("t"))) == ctx.find_by_tag("t")
