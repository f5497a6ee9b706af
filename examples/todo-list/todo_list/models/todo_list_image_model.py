"""The image of a list."""

from mainspring import Entity, belongs_to, field, model

from . import LARGEST_ID, TEXT

__all__ = ["TodoListImage"]


@model(rename="camel")
class TodoListImage(Entity):
    """An image, as text; of one list, or of none."""

    id: int | None = field(id=True, generated=True, minimum=1, maximum=LARGEST_ID)
    value: str = field(required=True, pattern=TEXT, description="Where it is, or what it shows.")
    todo_list_id: int | None = belongs_to(
        ".todo_list_model:TodoList", foreign_key={"on_delete": "CASCADE"}, minimum=1, maximum=LARGEST_ID
    )
