"""``/books``."""

from typing import Annotated

from mainspring import inject, intercept, param, rest

from ..interceptors.logging_interceptor import log_call
from ..models import Book, NewBook
from ..policies import cached
from ..services.exchange_service import ExchangeService
from ..services.shelf_service import ShelfService

__all__ = ["BookController"]

Isbn = Annotated[str, param.path(pattern=r"^97[89][0-9]{10}$")]
Currency = Annotated[str, param.query(pattern="^[A-Z]{3}$")]


@intercept(log_call)
class BookController:
    """Says nothing of a cache but where it wants another one than the rest.

    Args:
        shelf: The books.
        exchange: The rates; a proxy, so that calls run the interceptors of its methods.
    """

    def __init__(
        self, shelf: ShelfService, exchange: Annotated[ExchangeService, inject(as_proxy_with_interceptors=True)]
    ) -> None:
        self.shelf, self.exchange = shelf, exchange

    @rest.get("/books")
    async def find(self) -> list[Book]:
        """Every book."""
        return await self.shelf.all()

    @rest.get("/books/{isbn}")
    @rest.response(404)
    @cached(ttl=5)
    async def find_by_isbn(self, isbn: Isbn) -> Book:
        """One book; kept for a shorter time than the rest."""
        return await self.shelf.find(isbn)

    @rest.get("/books/{isbn}/price")
    @rest.response(404)
    @cached(key=lambda call: f"price/{call.kwargs['isbn']}/{call.kwargs.get('currency', 'EUR')}")
    async def price(self, isbn: Isbn, currency: Currency = "EUR") -> float:
        """What a book costs in a currency; kept under one key whether the default was said or not."""
        book = await self.shelf.find(isbn)
        return round(book.cents * await self.exchange.rate(currency) / 100, 2)

    @rest.put("/books/{isbn}")
    async def put(self, isbn: Isbn, book: NewBook) -> Book:
        """Add a book, or change it."""
        made = Book(isbn=isbn, title=book.title, cents=book.cents)
        await self.shelf.put(made)
        return made

    @rest.delete("/books/{isbn}")
    @rest.response(404)
    async def remove(self, isbn: Isbn) -> None:
        """Remove a book."""
        await self.shelf.remove(isbn)
