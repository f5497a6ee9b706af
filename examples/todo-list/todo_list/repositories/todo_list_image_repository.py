"""The images."""

from typing import Annotated

from mainspring import DataSource, DefaultCrudRepository, Getter, inject
from mainspring.repository import repository

from ..models.todo_list_image_model import TodoListImage
from ..models.todo_list_model import TodoList

__all__ = ["TodoListImageRepository"]


class TodoListImageRepository(DefaultCrudRepository[TodoListImage, int]):
    """Images; ``await todo_list(id)`` is the list that one of them belongs to."""

    def __init__(
        self,
        datasource: Annotated[DataSource, inject("datasources.db")],
        lists: Annotated[Getter[DefaultCrudRepository[TodoList, int]], repository.getter("TodoListRepository")],
    ) -> None:
        super().__init__(TodoListImage, datasource)
        self.todo_list = self.create_belongs_to_accessor_for("todo_list", lists)
        self.register_inclusion_resolver("todo_list", self.todo_list.inclusion_resolver)
