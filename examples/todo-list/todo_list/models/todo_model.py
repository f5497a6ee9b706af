"""A thing to do."""

from mainspring import Entity, belongs_to, field, model

from . import LARGEST_ID, TEXT

__all__ = ["Todo"]


@model(rename="camel")
class Todo(Entity):
    """One entry of a list, or of none."""

    id: int | None = field(id=True, generated=True, minimum=1, maximum=LARGEST_ID)
    title: str = field(required=True, min_length=1, pattern=TEXT, description="What is to be done.")
    desc: str | None = field(pattern=TEXT, description="More about it.")
    is_complete: bool | None = field(description="Whether it is done.")
    todo_list_id: int | None = belongs_to(
        ".todo_list_model:TodoList", foreign_key={"on_delete": "CASCADE"}, minimum=1, maximum=LARGEST_ID
    )
