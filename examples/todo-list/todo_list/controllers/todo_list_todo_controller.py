"""The todos of a list, and the list of a todo."""

from typing import Annotated

from mainspring import HttpErrors, param, request_body, rest
from mainspring.repository import Count, Filter, HasManyRepository, Where

from ..models import LARGEST_ID
from ..models.todo_list_model import TodoList
from ..models.todo_model import Todo
from ..repositories.todo_list_repository import TodoListRepository
from ..repositories.todo_repository import TodoRepository

__all__ = ["TodoListTodoController", "TodoTodoListController"]

Id = Annotated[int, param.path(ge=1, le=LARGEST_ID)]
SomeTodos = Annotated[Where | None, param.where(Todo)]
# Which list it is says the path.
NewTodo = Annotated[Todo, request_body(exclude=["id", "todo_list_id"])]
Changes = Annotated[Todo, request_body(partial=True, exclude=["id", "todo_list_id"])]


class TodoListTodoController:
    """``/todo-lists/{id}/todos``: what is done here concerns the todos of one list only."""

    def __init__(self, lists: TodoListRepository) -> None:
        self.lists = lists

    @rest.post("/todo-lists/{id}/todos")
    @rest.response(404)
    async def create(self, id: Id, todo: NewTodo) -> Todo:
        """Add a todo to a list."""
        todos = await self._todos_of(id)
        return await todos.create(todo)

    @rest.get("/todo-lists/{id}/todos")
    @rest.response(200, {"type": "array", "items": Todo.json_schema(partial=True, include_relations=True)})
    @rest.response(404)
    async def find(self, id: Id, filter: Annotated[Filter | None, param.filter(Todo)] = None) -> list[Todo]:
        """The todos of a list that a filter selects, or all of them."""
        todos = await self._todos_of(id)
        return await todos.find(filter)

    @rest.patch("/todo-lists/{id}/todos")
    @rest.response(404)
    async def patch(self, id: Id, todo: Changes, where: SomeTodos = None) -> Count:
        """Change properties of todos of a list."""
        todos = await self._todos_of(id)
        return await todos.patch(todo, where)

    @rest.delete("/todo-lists/{id}/todos")
    @rest.response(404)
    async def delete(self, id: Id, where: SomeTodos = None) -> Count:
        """Delete todos of a list."""
        todos = await self._todos_of(id)
        return await todos.delete(where)

    async def _todos_of(self, id: int) -> HasManyRepository[Todo]:
        if not await self.lists.exists(id):
            raise HttpErrors.NotFound(f"There is no list {id}.")
        return self.lists.todos(id)


class TodoTodoListController:
    """``/todos/{id}/todo-list``."""

    def __init__(self, todos: TodoRepository) -> None:
        self.todos = todos

    @rest.get("/todos/{id}/todo-list")
    @rest.response(404)
    async def get_todo_list(self, id: Id) -> TodoList | None:
        """The list that a todo belongs to; null for one that belongs to none."""
        return await self.todos.todo_list(id)
