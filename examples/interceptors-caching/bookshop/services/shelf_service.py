"""The books."""

import asyncio
from typing import Annotated

from mainspring import BindingScope, HttpErrors, config, injectable

from ..models import Book

__all__ = ["ShelfService"]

FIRST = Book(isbn="9780131103627", title="The C Programming Language", cents=6499)


@injectable(scope=BindingScope.SINGLETON)
class ShelfService:
    """Books by their numbers.

    Args:
        delay: Configuration: the seconds that a look at the shelf takes.
    """

    def __init__(self, delay: Annotated[float, config("delay")] = 0.5) -> None:
        self.delay = delay
        self._books = {FIRST.isbn: FIRST}

    async def all(self) -> list[Book]:
        """Every book, as it is now."""
        await asyncio.sleep(self.delay)
        return list(self._books.values())

    async def find(self, isbn: str) -> Book:
        """One book.

        Raises:
            HttpErrors.NotFound: There is none of the number.
        """
        await asyncio.sleep(self.delay)
        if isbn not in self._books:
            raise HttpErrors.NotFound(f"There is no book {isbn}.")
        return self._books[isbn]

    async def put(self, book: Book) -> None:
        """Put a book on the shelf, in the place of one with its number."""
        self._books[book.isbn] = book

    async def remove(self, isbn: str) -> None:
        """Take a book away.

        Raises:
            HttpErrors.NotFound: There is none of the number.
        """
        if self._books.pop(isbn, None) is None:
            raise HttpErrors.NotFound(f"There is no book {isbn}.")
