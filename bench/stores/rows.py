"""What every store keeps: notes, each with lines. The same data for all."""

from datetime import UTC, datetime, timedelta
from typing import Any

#: Notes that are there from the beginning, and lines of each.
NOTES, LINES = 1000, 10

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def note(number: int) -> dict[str, Any]:
    """The values of one note."""
    return {
        "title": f"note {number}",
        "body": f"the text of note {number}, some words long, as notes are",
        "size": number % 97,
        "is_done": number % 3 == 0,
        "created": BEGIN + timedelta(seconds=number),
    }


def notes(count: int = NOTES) -> list[dict[str, Any]]:
    """The values of many notes."""
    return [note(number) for number in range(count)]


def lines(count: int = 100) -> list[dict[str, Any]]:
    """The values of the lines of the first notes, whose ids count from 1 on."""
    return [{"note_id": 1 + n, "text": f"line {i} of {n}"} for n in range(count) for i in range(LINES)]
