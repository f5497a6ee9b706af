"""The porting guide: every name it promises is there, and every old spelling is pointed out."""

import re
from pathlib import Path
from typing import Any

import pytest

from mainspring import loader
from mainspring.loader import ServerLoader, server_settings

GUIDE = Path(__file__).parents[2] / "docs/porting-a-server-loader.md"
HOOKS_OF_SERVICES = {"on_server_ready", "on_request", "on_response"}


def tables() -> dict[str, list[tuple[list[str], list[str]]]]:
    """The names in the rows of each table, old and new, by heading."""
    found: dict[str, list[tuple[list[str], list[str]]]] = {}
    heading = ""
    for line in GUIDE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line.startswith("| `"):
            old, new = (re.findall(r"`([^`]+)`", cell) for cell in line.split("|")[1:3])
            found.setdefault(heading, []).append((old, new))
    return found


TABLES = tables()


def test_the_hooks_are_there() -> None:
    """LOAD-053"""
    hooks = {old[0]: new[0] for old, new in TABLES["Hooks"]}
    assert len(hooks) == 16
    for name in set(hooks.values()) - HOOKS_OF_SERVICES:
        assert callable(getattr(ServerLoader, name)), name
    assert set(hooks.values()) >= HOOKS_OF_SERVICES


@pytest.mark.parametrize("heading", ["Decorators", "Middleware"])
def test_the_names_are_there(heading: str) -> None:
    """LOAD-053"""
    names = [re.match(r"@?(\w+)", name) for _, new in TABLES[heading] for name in new]
    said = {match[1] for match in names if match is not None} - {"next", "error", "scope"}
    assert len(said) > 5
    assert sorted(name for name in said if not hasattr(loader, name)) == []


@pytest.mark.parametrize(("old", "new"), [row for row in TABLES["Settings"] if "." not in row[1][0]])
def test_the_settings_are_there(old: list[str], new: list[str]) -> None:
    """LOAD-053, LOAD-054: an old spelling is refused with the new one."""
    known: Any = ServerLoader().get_settings()
    for name in new:
        if "(" not in name:
            known.get(name)
    for name in old:
        if name.lower() == name:
            continue
        with pytest.raises(TypeError, match=new[0]):
            server_settings(**{name: None})(type("Old", (ServerLoader,), {}))
