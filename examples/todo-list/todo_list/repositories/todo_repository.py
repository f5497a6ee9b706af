"""The todos."""

from typing import Annotated

from mainspring import DataSource, DefaultCrudRepository, Getter, inject
from mainspring.repository import repository

from ..models.todo_list_model import TodoList
from ..models.todo_model import Todo

__all__ = ["TodoRepository"]


class TodoRepository(DefaultCrudRepository[Todo, int]):
    """Todos; ``await todo_list(id)`` is the list that one of them belongs to."""

    def __init__(
        self,
        datasource: Annotated[DataSource, inject("datasources.db")],
        lists: Annotated[Getter[DefaultCrudRepository[TodoList, int]], repository.getter("TodoListRepository")],
    ) -> None:
        super().__init__(Todo, datasource)
        self.todo_list = self.create_belongs_to_accessor_for("todo_list", lists)
        self.register_inclusion_resolver("todo_list", self.todo_list.inclusion_resolver)
