"""``/todo-lists``: create, find, count, change and delete."""

from mainspring.crud import define_crud_rest_controller

from ..models.todo_list_model import TodoList

__all__ = ["TodoListController"]

TodoListController = define_crud_rest_controller(TodoList, base_path="/todo-lists")
