"""The image of a list, and the list of an image."""

from typing import Annotated

from mainspring import HttpErrors, param, request_body, rest
from mainspring.repository import Count, Filter, HasOneRepository

from ..models import LARGEST_ID
from ..models.todo_list_image_model import TodoListImage
from ..models.todo_list_model import TodoList
from ..repositories.todo_list_image_repository import TodoListImageRepository
from ..repositories.todo_list_repository import TodoListRepository

__all__ = ["TodoListImageTodoListController", "TodoListTodoListImageController"]

Id = Annotated[int, param.path(ge=1, le=LARGEST_ID)]
# Which list it is says the path.
NewImage = Annotated[TodoListImage, request_body(exclude=["id", "todo_list_id"])]
Changes = Annotated[TodoListImage, request_body(partial=True, exclude=["id", "todo_list_id"])]


class TodoListTodoListImageController:
    """``/todo-lists/{id}/todo-list-image``."""

    def __init__(self, lists: TodoListRepository) -> None:
        self.lists = lists

    @rest.post("/todo-lists/{id}/todo-list-image")
    @rest.response(404)
    async def create(self, id: Id, image: NewImage) -> TodoListImage:
        """Give a list an image."""
        images = await self._image_of(id)
        return await images.create(image)

    @rest.get("/todo-lists/{id}/todo-list-image")
    @rest.response(200, TodoListImage.json_schema(partial=True, include_relations=True))
    @rest.response(404)
    async def get(self, id: Id, filter: Annotated[Filter | None, param.filter(TodoListImage)] = None) -> TodoListImage:
        """The image of a list."""
        images = await self._image_of(id)
        return await images.get(filter)

    @rest.patch("/todo-lists/{id}/todo-list-image")
    @rest.response(404)
    async def patch(self, id: Id, image: Changes) -> Count:
        """Change the image of a list."""
        images = await self._image_of(id)
        return await images.patch(image)

    @rest.delete("/todo-lists/{id}/todo-list-image")
    @rest.response(404)
    async def delete(self, id: Id) -> Count:
        """Take the image of a list away."""
        images = await self._image_of(id)
        return await images.delete()

    async def _image_of(self, id: int) -> HasOneRepository[TodoListImage]:
        if not await self.lists.exists(id):
            raise HttpErrors.NotFound(f"There is no list {id}.")
        return self.lists.image(id)


class TodoListImageTodoListController:
    """``/todo-list-images/{id}/todo-list``."""

    def __init__(self, images: TodoListImageRepository) -> None:
        self.images = images

    @rest.get("/todo-list-images/{id}/todo-list")
    @rest.response(404)
    async def get_todo_list(self, id: Id) -> TodoList | None:
        """The list that an image belongs to; null for one that belongs to none."""
        return await self.images.todo_list(id)
