"""``/notes``."""

from typing import Annotated

from mainspring import param, request_body, rest

from ..models.note_model import LARGEST_ID, Note
from ..repositories.note_repository import NoteRepository

__all__ = ["NoteController"]

Id = Annotated[int, param.path(ge=1, le=LARGEST_ID)]
NewNote = Annotated[Note, request_body(exclude=["id"])]


class NoteController:
    """The notes of the tenant."""

    def __init__(self, notes: NoteRepository) -> None:
        self.notes = notes

    @rest.get("/notes")
    async def find(self) -> list[Note]:
        """All notes."""
        return await self.notes.find()

    @rest.get("/notes/{id}")
    @rest.response(404)
    async def find_by_id(self, id: Id) -> Note:
        """One note."""
        return await self.notes.find_by_id(id)

    @rest.post("/notes")
    @rest.response(409)
    async def create(self, note: NewNote) -> Note:
        """Add a note."""
        return await self.notes.add(note)

    @rest.delete("/notes/{id}")
    @rest.response(404)
    async def remove(self, id: Id) -> None:
        """Remove a note."""
        await self.notes.delete_by_id(id)
