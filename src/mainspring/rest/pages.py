"""Errors as HTML or XML, for servers that negotiate the format of errors. Everything shown is escaped."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from mainspring.http import negotiate
from mainspring.rest.exchange import Exchange

__all__ = ["negotiated_page"]

_OFFERED = ("application/json", "text/html", "application/xml", "text/xml")
# What XML 1.0 cannot hold at all, escaped or not.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def negotiated_page(exchange: Exchange, members: Mapping[str, Any]) -> tuple[bytes, bytes] | None:
    """Content type and body of the page a client prefers to JSON; ``None`` when it prefers JSON."""
    accept = ", ".join(value.decode("latin-1") for name, value in exchange.raw_headers if name == b"accept")
    exchange.vary = (*exchange.vary, "Accept")
    chosen = negotiate(accept, _OFFERED) if accept else None
    if chosen == "text/html":
        return b"text/html; charset=utf-8", _html(members).encode("utf-8", "replace")
    if chosen in ("application/xml", "text/xml"):
        return f"{chosen}; charset=utf-8".encode(), _xml(members).encode("utf-8", "replace")
    return None


def _html(members: Mapping[str, Any]) -> str:
    status = members.get("status") or members.get("statusCode")
    title = f"{status} {members.get('title') or members.get('message') or ''}"
    rows = "".join(
        f"<dt>{escape(str(name))}</dt><dd><pre>{escape(_shown(value))}</pre></dd>" for name, value in members.items()
    )
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f"<body><h1>{escape(title)}</h1><dl>{rows}</dl></body></html>"
    )


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(item)}" for name, item in value.items())
    return "\n".join(map(_shown, value)) if isinstance(value, list | tuple) else str(value)


def _xml(members: Mapping[str, Any]) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>{_element("error", members)}'


def _element(name: str, value: Any) -> str:
    tag = name if _NAME.fullmatch(name) else "item"
    if isinstance(value, Mapping):
        inner = "".join(_element(str(key), item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        inner = "".join(_element("item", item) for item in value)
    else:
        inner = escape(_NO_XML.sub("", str(value)))
    return f"<{tag}>{inner}</{tag}>"
