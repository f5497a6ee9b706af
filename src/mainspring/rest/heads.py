"""The head of a response: status and lines as they go out, put together in one place for every sort of response.

What a step knows (a result, an error, a file) it says in lines of its own; here come those every response has.
"""

from collections.abc import Iterable

from mainspring.rest.exchange import REQUEST_ID, Exchange, Header, Reply, request_id_of

__all__ = ["CONTENT_LENGTH", "CONTENT_TYPE", "LENGTH_LINES", "finished", "merged", "with_vary"]

CONTENT_TYPE = b"content-type"
CONTENT_LENGTH = b"content-length"
_VARY = b"vary"


class _LengthLines(dict[int, Header]):
    """The line that tells a length, by length. Those of small bodies are kept: they are the same again and again."""

    def __missing__(self, length: int) -> Header:
        line = (CONTENT_LENGTH, b"%d" % length)
        if length < _SMALL:
            self[length] = line
        return line


_SMALL = 4096
LENGTH_LINES = _LengthLines()


def finished(exchange: Exchange, reply: Reply) -> Reply:
    """The reply with the lines of every response; without a body where the status forbids one."""
    if reply.status < 200 or reply.status in (204, 205, 304):
        _strip(reply)
        if reply.status == 304 and exchange.plan.compression is not None:  # as the 200 it stands for
            exchange.vary = (*exchange.vary, "Accept-Encoding")
    elif exchange.plan.compression is not None:
        exchange.plan.compression.apply(exchange, reply)
    headers = reply.headers
    if exchange.extra is not None:
        headers += exchange.extra
    if exchange.vary:
        reply.headers = headers = with_vary(headers, exchange.vary)
    if exchange.plan.shows_request_id:
        headers.append((REQUEST_ID, request_id_of(exchange)))
    return reply


def _strip(reply: Reply) -> None:
    """Take the body away, and what the head says of it."""
    headers = [line for line in reply.headers if line[0] != CONTENT_LENGTH]
    if reply.status != 304:
        headers = [line for line in headers if line[0] != CONTENT_TYPE]
    if reply.status == 205:  # RFC 9110 section 15.3.6: the end of a 205 has to be told
        headers.append((CONTENT_LENGTH, b"0"))
    reply.headers = headers
    if type(reply.body) is not bytes:
        reply.dropped = reply.body
    reply.body = b""


def merged(lines: list[Header], over: Iterable[Header]) -> list[Header]:
    """The lines with those of ``over`` in place of the ones of their names; ``Vary`` and cookies add up."""
    added = list(over)
    if not added:
        return lines
    replaced = {name for name, _ in added if name not in (b"set-cookie", _VARY)}
    kept = [line for line in lines if line[0] not in replaced]
    for name, value in added:
        if name == _VARY:
            kept = with_vary(kept, [item.strip() for item in value.decode("latin-1").split(",")])
        else:
            kept.append((name, value))
    return kept


def with_vary(lines: list[Header], names: Iterable[str]) -> list[Header]:
    """The lines with one ``Vary`` that names these fields too, each once."""
    present = [
        item.strip() for name, value in lines if name == _VARY for item in value.decode("latin-1").split(",") if item
    ]
    if "*" in present:
        return lines
    known = {item.lower() for item in present}
    missing = [name for name in dict.fromkeys(names) if name and name.lower() not in known]
    if not missing:
        return lines
    value = ", ".join([*present, *missing]).encode("latin-1")
    return [*(line for line in lines if line[0] != _VARY), (_VARY, value)]
