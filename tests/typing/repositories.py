"""Models and repositories as a type checker sees them (MODEL-018)."""

from typing import Any, assert_type

from mainspring import DataSource, DefaultCrudRepository, Entity, field, model
from mainspring.repository import Count


@model(rename="camel")
class Todo(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = field(required=True)
    is_complete: bool | None = None


class TodoRepository(DefaultCrudRepository[Todo, int]):
    def __init__(self, datasource: DataSource) -> None:
        super().__init__(Todo, datasource)


async def queries(todos: TodoRepository, data: dict[str, Any]) -> None:
    todo = Todo(title="x", is_complete=True)
    assert_type(todo.title, str)
    assert_type(todo.id, int | None)
    assert_type(Todo(**data), Todo)
    assert_type(await todos.find(), list[Todo])
    assert_type(await todos.find_one({"where": {"title": "x"}}), Todo | None)
    assert_type(await todos.find_by_id(1), Todo)
    assert_type(await todos.create(todo), Todo)
    assert_type(await todos.create({"title": "x"}), Todo)
    assert_type(await todos.count(), Count)
    assert_type(await todos.exists(1), bool)
    assert_type((await todos.delete_all()).count, int)
