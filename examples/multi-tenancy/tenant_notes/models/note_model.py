"""A note. It does not say whose it is: its database does."""

from mainspring import Entity, field, model

__all__ = ["LARGEST_ID", "Note"]

LARGEST_ID = 2**63 - 1  # what an integer of the database holds


@model(rename="camel")
class Note(Entity):
    """Something to remember."""

    id: int | None = field(id=True, generated=True)
    text: str = field(required=True, min_length=1, max_length=1000, pattern=r"^[^\u0000]*$")
