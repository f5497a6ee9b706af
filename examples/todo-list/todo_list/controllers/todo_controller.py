"""``/todos``: create, find, count, change and delete."""

from mainspring.crud import define_crud_rest_controller

from ..models.todo_model import Todo

__all__ = ["TodoController"]

TodoController = define_crud_rest_controller(Todo, base_path="/todos")
