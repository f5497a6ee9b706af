"""Telling a client where a page is among all: ``Link`` (RFC 8288) and ``X-Total-Count``."""

from typing import Any
from urllib.parse import urlencode

__all__ = ["page_links"]


def page_links(url: str, query_string: str, limit: int, offset: int, count: int, total: int | None) -> str:
    """The value of ``Link`` for a page.

    Args:
        url: The URL of the list, without a query.
        query_string: The query of the request; what it says besides the page is kept.
        limit: The size of a page.
        offset: How many items precede this one.
        count: How many items it has.
        total: How many there are in all, if known.

    Raises:
        ValueError: Pages have no size.
    """
    if limit <= 0:
        raise ValueError(f"The size of a page is a positive number, not {limit!r}.")
    pages = {"first": 0}
    if offset > 0:
        pages["prev"] = max(offset - limit, 0)
    if (total is not None and offset + limit < total) or (total is None and count >= limit):
        pages["next"] = offset + limit
    if total is not None:
        pages["last"] = max((total - 1) // limit * limit, 0) if total else 0
    kept = [pair for pair in query_string.split("&") if pair and pair.partition("=")[0] not in ("limit", "offset")]
    return ", ".join(f'<{url}?{_query(kept, limit, start)}>; rel="{name}"' for name, start in pages.items())


def _query(kept: list[str], limit: Any, offset: int) -> str:
    return "&".join([*kept, urlencode({"limit": limit, "offset": offset})])
