"""What is sold."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["Book", "NewBook"]


class NewBook(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A book as somebody sends it."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    cents: Annotated[int, Meta(ge=0, le=1_000_000, description="The price in hundredths of a euro.")]


class Book(NewBook, frozen=True):
    """A book on the shelf."""

    isbn: str
