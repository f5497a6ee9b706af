"""Entries as the first version had them."""

from mainspring.loader import controller, get

from ..services.guestbook import Guestbook

__all__ = ["EntriesController"]


@controller("/entries")
class EntriesController:
    """Entries as lines of text."""

    def __init__(self, book: Guestbook) -> None:
        self.book = book

    @get("/")
    async def all(self) -> list[str]:
        """Every entry."""
        return [f"{entry.name}: {entry.text}" for entry in await self.book.all()]
