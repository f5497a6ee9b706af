"""Entries."""

from typing import Annotated

from msgspec import Meta

from mainspring.loader import RequestContext, body_params, controller, delete, get, post, response, status

from ..models import Entry
from ..services.guestbook import Guestbook

__all__ = ["EntriesController"]


@controller("/entries")
class EntriesController:
    """Entries with all that is known of them; who writes one is remembered by the session."""

    def __init__(self, book: Guestbook) -> None:
        self.book = book

    @get("/")
    async def all(self) -> list[Entry]:
        """Every entry."""
        return await self.book.all()

    @post("/")
    @status(201)
    async def sign(
        self,
        ctx: RequestContext,
        name: Annotated[str, Meta(min_length=1), body_params("name")],
        text: Annotated[str, Meta(min_length=1), body_params("text")],
    ) -> Entry:
        """Add an entry, from JSON or from a form."""
        entry = await self.book.sign(name, text)
        ctx.session["name"] = name
        ctx.session["signed"] = ctx.session.get("signed", 0) + 1
        return entry

    @delete("/{id}")
    @response(404, {"description": "There is no such entry."})
    async def remove(self, id: int) -> None:
        """Remove an entry."""
        await self.book.remove(id)
