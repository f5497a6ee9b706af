"""Todos in the datasource ``db``."""

from typing import Annotated

from mainspring import DataSource, DefaultCrudRepository, inject

from ..models.todo_model import Todo

__all__ = ["TodoRepository"]


class TodoRepository(DefaultCrudRepository[Todo, int]):
    """Create, read, update and delete todos."""

    def __init__(self, datasource: Annotated[DataSource, inject("datasources.db")]) -> None:
        super().__init__(Todo, datasource)
