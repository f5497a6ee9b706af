"""A thing to do."""

from typing import Any

from mainspring import Entity, field, model

__all__ = ["LARGEST_ID", "Todo"]

LARGEST_ID = 2**63 - 1  # what an integer of the database holds
TEXT = r"^[^\u0000]*$"  # SQLite ends a text at NUL


@model(rename="camel")
class Todo(Entity):
    """One entry of the list; on the wire its names are in camel case (``isComplete``)."""

    id: int | None = field(id=True, generated=True)
    title: str = field(required=True, min_length=1, pattern=TEXT, description="What is to be done.")
    desc: str | None = field(pattern=TEXT, description="More about it.")
    is_complete: bool | None = field(description="Whether it is done.")
    remind_at_address: str | None = field(
        pattern=TEXT, description="Where to be reminded, in words or as latitude,longitude."
    )
    remind_at_geo: str | None = field(pattern=TEXT, description="The same place as latitude,longitude.")
    tag: Any = field(description="Whatever helps to sort; any JSON value.")
