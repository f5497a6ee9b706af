"""The public names are a promise: the checked-in list changes only when somebody means it.

``.venv/bin/python tests/architecture/test_names.py`` writes the list anew; the diff is then part of the review.
"""

import importlib
import pkgutil
from pathlib import Path

import mainspring

LIST = Path(__file__).with_name("public_names.txt")


def names() -> list[str]:
    rooms = [room.name for room in pkgutil.iter_modules(mainspring.__path__) if room.name != "cli"]
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


if __name__ == "__main__":
    LIST.write_text("\n".join(names()) + "\n", encoding="utf-8")
