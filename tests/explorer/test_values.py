"""How values are shown where that is allowed."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum

import msgspec
import pytest

from mainspring.explorer.values import MASK, shown_value


class Colour(Enum):
    RED = 1


@dataclass
class Options:
    size: int
    password: str
    hidden: str = field(default="x", repr=False)


class Settings(msgspec.Struct):
    name: str
    token: str


class Talkative:
    def __repr__(self) -> str:
        return "everything I know"


class Treacherous(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise AssertionError("nothing is run to show a value")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        (float("nan"), "nan"),
        ("text", "text"),
        (Treacherous("text"), "text"),
        (Colour.RED, "Colour.RED"),
        (date(2026, 1, 2), "2026-01-02"),
        (Decimal("1.10"), "1.10"),
        (int, "<class int>"),
        ({"a": [1, ("b",)]}, {"a": [1, ["b"]]}),
        (Options(1, "hunter2"), {"size": 1, "password": MASK}),
        (Settings("n", "hunter2"), {"name": "n", "token": MASK}),
        (Talkative(), "<Talkative>"),
        ("postgresql://me:hunter2@db/x", "postgresql://***@db/x"),
        ({"nested": {"Authorization": "Bearer x", "other": 1}}, {"nested": {"Authorization": MASK, "other": 1}}),
    ],
)
def test_plain_data_is_shown_and_of_other_objects_the_class(value, shown):
    assert shown_value("options", value) == shown


@pytest.mark.parametrize("name", ["db.password", "API_KEY", "session.secret", "github-token", "credentials", "DSN"])
def test_what_is_called_like_a_secret_is_masked(name):
    assert shown_value(name, "hunter2") == MASK
    assert shown_value(name, ["hunter2"]) == MASK


def test_large_values_are_cut():
    assert len(shown_value("x", "a" * 100_000)) < 3_000
    assert len(shown_value("x", list(range(100_000)))) == 101
    endless: list[object] = []
    endless.append(endless)
    assert "…" in str(shown_value("x", endless))
