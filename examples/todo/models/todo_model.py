"""A thing to do."""

from typing import Any

from mainspring import Entity, field, model

__all__ = ["Todo"]


@model(rename="camel")
class Todo(Entity):
    """One entry of the list; on the wire its names are in camel case (``isComplete``)."""

    id: int | None = field(id=True, generated=True)
    title: str = field(required=True, min_length=1, description="What is to be done.")
    desc: str | None = field(description="More about it.")
    is_complete: bool | None = field(description="Whether it is done.")
    remind_at_address: str | None = field(description="Where to be reminded, in words or as latitude,longitude.")
    remind_at_geo: str | None = field(description="The same place as latitude,longitude.")
    tag: Any = field(description="Whatever helps to sort; any JSON value.")
