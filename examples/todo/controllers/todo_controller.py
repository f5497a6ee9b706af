"""``/todos``: create, find, count, change and delete."""

from typing import Annotated

from mainspring import HttpErrors, Response, param, request_body, rest
from mainspring.repository import Count, Filter, Where

from ..models.todo_model import LARGEST_ID, Todo
from ..repositories.todo_repository import TodoRepository
from ..services.geocoder_service import GeocoderService

__all__ = ["TodoController"]


Id = Annotated[int, param.path(ge=-LARGEST_ID - 1, le=LARGEST_ID)]
# A filter may leave out any property, the required ones as well.
SOME_FIELDS = Todo.json_schema(partial=True)
COUNT_IS_READ = {"Allow": "GET, HEAD, OPTIONS"}


class TodoController:
    """The operations on todos."""

    def __init__(self, todos: TodoRepository, geocoder: GeocoderService) -> None:
        self.todos, self.geocoder = todos, geocoder

    @rest.post("/todos")
    async def create(self, todo: Annotated[Todo, request_body(exclude=["id"])]) -> Todo:
        """Add a todo; the place of its address is looked up unless it is given."""
        if todo.remind_at_address and todo.remind_at_geo is None:
            place = self.geocoder.locate(todo.remind_at_address)
            if place:
                todo.remind_at_geo = place
        return await self.todos.create(todo)

    @rest.get("/todos")
    @rest.response(200, {"type": "array", "items": SOME_FIELDS})
    async def find(self, filter: Annotated[Filter | None, param.filter(Todo)] = None) -> list[Todo]:
        """The todos that a filter selects, or all."""
        return await self.todos.find(filter)

    @rest.get("/todos/count")
    async def count(self, where: Annotated[Where | None, param.where(Todo)] = None) -> Count:
        """How many there are."""
        return await self.todos.count(where)

    # Without these two, `/todos/{id}` would take `count` for an id and say that it is no number.
    @rest.options("/todos/count")
    @rest.visibility("undocumented")
    def options_of_count(self) -> Response[None]:
        """What can be done with the count."""
        return Response(None, status=204, headers=COUNT_IS_READ)

    @rest.put("/todos/count")
    @rest.patch("/todos/count")
    @rest.delete("/todos/count")
    @rest.visibility("undocumented")
    def refuse_to_change_count(self) -> None:
        """What can't be done with it."""
        raise HttpErrors.MethodNotAllowed("The count can only be read.", headers=COUNT_IS_READ)

    @rest.patch("/todos")
    async def update_all(
        self,
        todo: Annotated[Todo, request_body(partial=True, exclude=["id"])],
        where: Annotated[Where | None, param.where(Todo)] = None,
    ) -> Count:
        """Change some properties of every todo that a condition selects, or of all."""
        return await self.todos.update_all(todo, where)

    @rest.get("/todos/{id}")
    @rest.response(200, SOME_FIELDS)
    async def find_by_id(
        self, id: Id, filter: Annotated[Filter | None, param.filter(Todo, exclude="where")] = None
    ) -> Todo:
        """One todo."""
        return await self.todos.find_by_id(id, filter)

    @rest.put("/todos/{id}")
    async def replace_by_id(self, id: Id, todo: Todo) -> None:
        """Replace a todo; what is left out is empty afterwards."""
        self._check_id(id, todo)
        await self.todos.replace_by_id(id, todo)

    @rest.patch("/todos/{id}")
    async def update_by_id(self, id: Id, todo: Annotated[Todo, request_body(partial=True)]) -> None:
        """Change some properties of a todo."""
        self._check_id(id, todo)
        await self.todos.update_by_id(id, todo)

    @rest.delete("/todos/{id}")
    async def delete_by_id(self, id: Id) -> None:
        """Delete a todo."""
        await self.todos.delete_by_id(id)

    def _check_id(self, id: int, todo: Todo) -> None:
        if todo.id not in (None, id):
            raise HttpErrors.Conflict(f"The id in the body is {todo.id}, the one in the path {id}.")
