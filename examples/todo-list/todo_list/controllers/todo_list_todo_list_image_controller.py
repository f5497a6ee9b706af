"""The image of a list, and the list of an image."""

from typing import Annotated

from mainspring import HttpErrors, param, request_body, rest
from mainspring.repository import Count, Filter

from ..models.todo_list_image_model import TodoListImage
from ..models.todo_list_model import TodoList
from ..repositories.todo_list_image_repository import TodoListImageRepository
from ..repositories.todo_list_repository import TodoListRepository

__all__ = ["TodoListImageTodoListController", "TodoListTodoListImageController"]


class TodoListTodoListImageController:
    """``/todo-lists/{id}/todo-list-image``."""

    def __init__(self, lists: TodoListRepository) -> None:
        self.lists = lists

    @rest.post("/todo-lists/{id}/todo-list-image")
    async def create(self, id: int, image: Annotated[TodoListImage, request_body(exclude=["id"])]) -> TodoListImage:
        """Give a list an image."""
        return await self.lists.image(id).create(image)

    @rest.get("/todo-lists/{id}/todo-list-image")
    @rest.response(200, TodoListImage.json_schema(partial=True, include_relations=True))
    async def get(self, id: int, filter: Annotated[Filter | None, param.filter(TodoListImage)] = None) -> TodoListImage:
        """The image of a list."""
        return await self.lists.image(id).get(filter)

    @rest.patch("/todo-lists/{id}/todo-list-image")
    async def patch(
        self, id: int, image: Annotated[TodoListImage, request_body(partial=True, exclude=["id"])]
    ) -> Count:
        """Change the image of a list."""
        return await self.lists.image(id).patch(image)

    @rest.delete("/todo-lists/{id}/todo-list-image")
    async def delete(self, id: int) -> Count:
        """Take the image of a list away."""
        return await self.lists.image(id).delete()


class TodoListImageTodoListController:
    """``/todo-list-images/{id}/todo-list``."""

    def __init__(self, images: TodoListImageRepository) -> None:
        self.images = images

    @rest.get("/todo-list-images/{id}/todo-list")
    async def get_todo_list(self, id: int) -> TodoList:
        """The list that an image belongs to."""
        found = await self.images.todo_list(id)
        if found is None:
            raise HttpErrors.NotFound(f"Image {id} belongs to no list.")
        return found
