"""Models and repositories as a type checker sees them (MODEL-018)."""

from typing import Any, assert_type

from mainspring import DataSource, DefaultCrudRepository, Entity, Getter, field, model
from mainspring.repository import Count, HasManyRepository


@model(rename="camel")
class Todo(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = field(required=True)
    is_complete: bool | None = None


class TodoList(Entity):
    id: int | None = field(id=True, generated=True)


class TodoRepository(DefaultCrudRepository[Todo, int]):
    def __init__(self, datasource: DataSource) -> None:
        super().__init__(Todo, datasource)


class ListRepository(DefaultCrudRepository[TodoList, int]):
    def __init__(self, datasource: DataSource, todos: Getter[TodoRepository], later: Any) -> None:
        super().__init__(TodoList, datasource)
        self.todos = self.create_has_many_repository_factory_for("todos", todos)
        self.first = self.create_has_one_repository_factory_for("first", TodoRepository(datasource))
        self.owner = self.create_belongs_to_accessor_for("owner", lambda: TodoRepository(datasource))
        self.others = self.create_references_many_accessor_for("others", later)


async def relations(lists: ListRepository) -> None:
    assert_type(lists.todos(1), HasManyRepository[Todo])
    assert_type(await lists.todos(1).create({"title": "x"}), Todo)
    assert_type(await lists.todos(1).find(), list[Todo])
    assert_type(await lists.first(1).get(), Todo)
    assert_type(await lists.owner(1), Todo | None)
    assert_type(await lists.others(1), list[Any])


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
