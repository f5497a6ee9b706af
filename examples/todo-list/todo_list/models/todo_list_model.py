"""A list of things to do."""

from mainspring import Entity, field, has_many, model
from mainspring.repository import has_one

from . import LARGEST_ID, TEXT
from .todo_list_image_model import TodoListImage
from .todo_model import Todo

__all__ = ["TodoList"]


@model(rename="camel")
class TodoList(Entity):
    """A list: it has todos and an image."""

    id: int | None = field(id=True, generated=True, minimum=1, maximum=LARGEST_ID)
    title: str = field(required=True, min_length=1, pattern=TEXT)
    color: str | None = field(pattern=TEXT, description="Any colour.")
    todos: list[Todo] = has_many(lambda: Todo)
    image: TodoListImage | None = has_one(lambda: TodoListImage)
