"""What pages say of the code is so: functions, errors and settings that they name."""

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.docs.blocks import ROOT

from mainspring.rest.settings import DEFAULTS, SETTING_TYPES

DOCS = ROOT / "docs"
NAMED = re.findall(r"`(mainspring(?:\.\w+)+):([\w.]+)`", (DOCS / "architecture.md").read_text(encoding="utf-8"))


def extension(name: str) -> Any:
    """A module of the site's own."""
    pytest.importorskip("sphinx", reason="needs Sphinx, of the dependency group docs")
    sys.path.insert(0, str(DOCS / "_extensions"))
    try:
        return import_module(name)
    finally:
        sys.path.remove(str(DOCS / "_extensions"))


@pytest.fixture(scope="module")
def error_pages() -> Any:
    return extension("error_pages")


@pytest.mark.parametrize(("module", "name"), NAMED)
def test_the_walk_names_what_is_there(module: str, name: str) -> None:
    value = import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    assert callable(value)


def test_the_walk_is_told() -> None:
    assert len(NAMED) > 15


def test_every_error_says_its_cause_and_its_remedy(error_pages: Any) -> None:
    classes = [each for each in error_pages.error_classes() if not error_pages.is_of_the_family(each)]
    assert len(classes) > 80
    assert [each.__qualname__ for each in classes if not error_pages.cause_of(each)] == []
    said = "its docstring has no section `Remedy:`"
    assert [each.__qualname__ for each in classes if not error_pages.remedy_of(each)] == [], said


def test_every_room_has_a_page_in_the_reference() -> None:
    rooms = {folder.parent.name for folder in (ROOT / "src/mainspring").glob("*/__init__.py")} - {"cli"} | {"errors"}
    assert set(extension("rooms").ROOMS) == rooms
    assert [room for room in sorted(rooms) if not (DOCS / f"reference/{room}.md").is_file()] == []


def test_every_setting_of_the_server_is_told() -> None:
    page = (DOCS / "reference/rest-settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`)?", page, re.MULTILINE))
    assert set(rows) == set(SETTING_TYPES)
    told = {name: default for name, default in rows.items() if default}
    assert told == {name: repr(value).replace("'", '"') for name, value in DEFAULTS.items() if name in told}


@pytest.mark.parametrize(
    "page",
    [each for each in sorted((DOCS / "concepts").glob("*.md")) if each.stem != "index"],
    ids=lambda page: page.stem,
)
def test_a_concept_is_one_page_with_a_diagram(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.count("```{diagram}") == 1
    assert len(text.splitlines()) <= 180
