"""``/todo-list-images``: create, find, count, change and delete."""

from mainspring.crud import define_crud_rest_controller

from ..models.todo_list_image_model import TodoListImage

__all__ = ["TodoListImageController"]

TodoListImageController = define_crud_rest_controller(TodoListImage, base_path="/todo-list-images")
