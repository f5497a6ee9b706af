"""The lists."""

from typing import Annotated

from mainspring import DataSource, DefaultCrudRepository, Getter, inject
from mainspring.repository import repository

from ..models.todo_list_model import TodoList
from .todo_list_image_repository import TodoListImageRepository
from .todo_repository import TodoRepository

__all__ = ["TodoListRepository"]


class TodoListRepository(DefaultCrudRepository[TodoList, int]):
    """Lists; ``todos(list_id)`` and ``image(list_id)`` are limited to one of them."""

    def __init__(
        self,
        datasource: Annotated[DataSource, inject("datasources.db")],
        todos: Annotated[Getter[TodoRepository], repository.getter(TodoRepository)],
        images: Annotated[Getter[TodoListImageRepository], repository.getter(TodoListImageRepository)],
    ) -> None:
        super().__init__(TodoList, datasource)
        self.todos = self.create_has_many_repository_factory_for("todos", todos)
        self.image = self.create_has_one_repository_factory_for("image", images)
        self.register_inclusion_resolver("todos", self.todos.inclusion_resolver)
        self.register_inclusion_resolver("image", self.image.inclusion_resolver)
