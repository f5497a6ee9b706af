"""The public names are a promise: the checked-in list changes only when somebody means it.

``.venv/bin/python tests/architecture/test_names.py`` writes the list anew; the diff is then part of the review.
"""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import mainspring

LIST = Path(__file__).with_name("public_names.txt")
SOURCE = Path(mainspring.__file__).parent
STUBS = sorted(SOURCE.rglob("__init__.pyi"))


def names() -> list[str]:
    rooms = [room.name for room in pkgutil.iter_modules(mainspring.__path__) if room.name not in ("cli", "lazy")]
    modules = ["mainspring", *(f"mainspring.{room}" for room in sorted(rooms))]
    return [f"{module}.{name}" for module in modules for name in sorted(importlib.import_module(module).__all__)]


def test_the_public_names_are_the_listed_ones():
    listed = LIST.read_text(encoding="utf-8").splitlines()
    assert sorted(set(names()) - set(listed)) == [], "new names: write the list anew"
    assert sorted(set(listed) - set(names())) == [], "names that programs rely on are gone"


def test_a_name_of_the_root_is_the_same_object_in_its_room():
    for name in mainspring.__all__:
        value = getattr(mainspring, name)
        homes = [room for room in mainspring._ROOMS if name in importlib.import_module(room).__all__]
        assert homes
        assert all(getattr(importlib.import_module(room), name) is value for room in homes), name


def test_no_name_of_the_root_shadows_a_room():
    rooms = {room.name for room in pkgutil.iter_modules(mainspring.__path__)}
    later = {"testing", "loader", "proxies", "explorer", "messaging", "security", "observability", "listener"}
    assert set(mainspring.__all__) & (rooms | later) == set()


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(mainspring, "nothing")
    assert "Application" in dir(mainspring)


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.parent.name)
def test_lazy_names_are_what_a_type_checker_is_told(stub):
    package = ".".join(("mainspring", *stub.parent.relative_to(SOURCE).parts))
    homes = {
        alias.name: node.module
        for node in ast.parse(stub.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
    }
    if homes.pop("*", None) is not None:  # rest offers all of core
        homes = dict.fromkeys(importlib.import_module("mainspring.core").__all__, "mainspring.core") | homes
    module = importlib.import_module(package)
    assert {*module.__all__} == {*homes} - {"core"}
    for name, home in homes.items():
        assert getattr(module, name, None) is getattr(importlib.import_module(home), name), name


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.parent.name)
def test_no_lazy_name_is_that_of_a_module_which_would_take_its_place_when_imported(stub):
    package = importlib.import_module(".".join(("mainspring", *stub.parent.relative_to(SOURCE).parts)))
    assert {*package.__all__} & {module.name for module in pkgutil.iter_modules(package.__path__)} == set()


if __name__ == "__main__":
    LIST.write_text("\n".join(names()) + "\n", encoding="utf-8")
