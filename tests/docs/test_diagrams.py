"""Diagrams drawn with characters become SVG."""

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

EXTENSIONS = Path(__file__).parents[2] / "docs/_extensions"


@pytest.fixture(scope="module")
def diagrams() -> Any:
    sys.path.insert(0, str(EXTENSIONS))
    try:
        return import_module("diagrams")
    finally:
        sys.path.remove(str(EXTENSIONS))


def test_boxes_are_found_with_titles_arrows_and_boxes_in_them(diagrams: Any) -> None:
    drawing = diagrams.Drawing(["┌ outer ──┐", "│ ╭───╮   │", "│ │ a ├─▶ │", "│ ╰───╯   │", "└─────────┘"])
    assert drawing.boxes() == [(0, 0, 10, 4), (2, 1, 6, 3)]
    svg = drawing.svg("Two & more")
    assert svg.count("<rect") == 2
    assert 'aria-label="Two &amp; more"' in svg
    assert re.findall(r">([^<>]+)</text>", svg) == ["outer", "a"]
    assert re.search(r'text-anchor="middle"[^>]*>a<', svg)


def test_what_is_open_is_no_box(diagrams: Any) -> None:
    assert diagrams.Drawing(["┌──┐", "│  │", "└── "]).boxes() == []
