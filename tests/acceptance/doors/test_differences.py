"""The table of differences: it names tests that are there, and the documentation has it."""

import importlib
from pathlib import Path

from tests.acceptance.doors.differences import DIFFERENCES, DOORS

FILES = sorted(Path(__file__).parent.glob("test_*.py"))
DOCUMENT = Path(__file__).parents[3] / "docs" / "http-on-other-servers.md"


def test_every_difference_is_of_a_test_that_is_there():
    modules = [importlib.import_module(f"tests.acceptance.doors.{file.stem}") for file in FILES]
    for each in DIFFERENCES:
        name = each.test.partition("[")[0]
        found = [vars(module)[name] for module in modules if name in vars(module)]
        assert len(found) == 1, each
        assert each.line in found[0].__doc__, each
        assert set(each.doors) <= set(DOORS), each


def test_nothing_is_listed_twice():
    listed = [(each.test, door) for each in DIFFERENCES for door in each.doors]
    assert len(set(listed)) == len(listed)
    whole = {pair for pair in listed if "[" not in pair[0]}
    assert not {(test, door) for test, door in listed if "[" in test and (test.partition("[")[0], door) in whole}


def row(each):
    what = each.test.removeprefix("test_").replace("_", " ").replace("[", " (").replace("]", ")")
    return f"| {each.line} | {what} | {', '.join(each.doors)} | {each.why} |"


def test_the_documentation_has_them_all():
    text = DOCUMENT.read_text()
    assert [row(each) for each in DIFFERENCES] == [
        line for line in text.splitlines() if line.startswith(("| HTTP", "| ERR", "| REST"))
    ]
