"""Text annotations are evaluated where they were written."""

from __future__ import annotations

from typing import Annotated

import pytest

from mainspring.metadata import (
    get_all_parameter_metadata,
    get_all_property_metadata,
    get_parameter_metadata,
    get_property_metadata,
    parameter_metadata,
    property_metadata,
)


class Todo:
    title: Annotated[str, property_metadata("audit", "title")]
    later: Annotated[Later, property_metadata("audit", "later")]
    never: Annotated[Never | None, property_metadata("audit", "never")]  # noqa: F821 - no such name, on purpose
    broken: "not an annotation ("  # noqa: F722 - on purpose
    tags: list[str]

    def __init__(self, size: Annotated[int, parameter_metadata("audit", "size")], later: Later): ...

    def list(self, limit: Annotated[list[Never], parameter_metadata("audit", "limit")]): ...  # noqa: F821 - on purpose

    def aliased(self, limit: Limit): ...  # noqa: F821 - comes later


def test_metadata_is_found_in_text_annotations():
    """MD-067"""
    assert get_all_property_metadata("audit", Todo) == {"title": "title", "later": "later", "never": "never"}
    assert get_parameter_metadata("audit", Todo, "__init__", "size") == "size"
    assert get_all_parameter_metadata("audit", Todo, "list") == {"limit": "limit"}


def test_names_of_the_defining_function_are_seen():
    """MD-067"""
    marker = property_metadata("audit", "local")
    limits = parameter_metadata("audit", "limits")

    class Local:
        title: Annotated[str, marker]

        def list(self, limit: Annotated[int, limits]): ...

    def function(limit: Annotated[int, limits]):
        return limits

    assert get_property_metadata("audit", Local, "title") == "local"
    assert get_parameter_metadata("audit", Local, "list", "limit") == "limits"
    assert get_parameter_metadata("audit", function, parameter="limit") == "limits"


def test_a_name_defined_after_the_first_read_is_found_then():
    """MD-067"""
    assert get_all_parameter_metadata("audit", Todo, "aliased") == {}
    globals()["Limit"] = Annotated[int, parameter_metadata("audit", "aliased")]
    try:
        assert get_all_parameter_metadata("audit", Todo, "aliased") == {"limit": "aliased"}
    finally:
        del globals()["Limit"]


class Later: ...


@pytest.mark.parametrize("owner", ["class", "instance"])
def test_a_method_does_not_hide_the_type_of_its_name(owner):
    """MD-067"""

    class Listing:
        tags: Annotated[list[str], property_metadata("audit", "tags")]

        def list(self): ...

    assert get_property_metadata("audit", Listing if owner == "class" else Listing(), "tags") == "tags"
