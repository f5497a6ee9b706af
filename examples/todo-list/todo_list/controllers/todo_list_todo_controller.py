"""The todos of a list, and the list of a todo."""

from typing import Annotated

from mainspring import HttpErrors, param, request_body, rest
from mainspring.repository import Count, Filter, Where

from ..models.todo_list_model import TodoList
from ..models.todo_model import Todo
from ..repositories.todo_list_repository import TodoListRepository
from ..repositories.todo_repository import TodoRepository

__all__ = ["TodoListTodoController", "TodoTodoListController"]

SomeTodos = Annotated[Where | None, param.where(Todo)]


class TodoListTodoController:
    """``/todo-lists/{id}/todos``: what is done here concerns the todos of one list only."""

    def __init__(self, lists: TodoListRepository) -> None:
        self.lists = lists

    @rest.post("/todo-lists/{id}/todos")
    async def create(self, id: int, todo: Annotated[Todo, request_body(exclude=["id"])]) -> Todo:
        """Add a todo to a list."""
        return await self.lists.todos(id).create(todo)

    @rest.get("/todo-lists/{id}/todos")
    @rest.response(200, {"type": "array", "items": Todo.json_schema(partial=True, include_relations=True)})
    async def find(self, id: int, filter: Annotated[Filter | None, param.filter(Todo)] = None) -> list[Todo]:
        """The todos of a list that a filter selects, or all of them."""
        return await self.lists.todos(id).find(filter)

    @rest.patch("/todo-lists/{id}/todos")
    async def patch(
        self,
        id: int,
        todo: Annotated[Todo, request_body(partial=True, exclude=["id"])],
        where: SomeTodos = None,
    ) -> Count:
        """Change properties of todos of a list."""
        return await self.lists.todos(id).patch(todo, where)

    @rest.delete("/todo-lists/{id}/todos")
    async def delete(self, id: int, where: SomeTodos = None) -> Count:
        """Delete todos of a list."""
        return await self.lists.todos(id).delete(where)


class TodoTodoListController:
    """``/todos/{id}/todo-list``."""

    def __init__(self, todos: TodoRepository) -> None:
        self.todos = todos

    @rest.get("/todos/{id}/todo-list")
    async def get_todo_list(self, id: int) -> TodoList:
        """The list that a todo belongs to."""
        found = await self.todos.todo_list(id)
        if found is None:
            raise HttpErrors.NotFound(f"Todo {id} belongs to no list.")
        return found
