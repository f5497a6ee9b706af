"""The log of requests: one line each, when its answer is complete. It is written where ``rest.access_log`` is on."""

import logging

from mainspring.listener import Connection, Head

__all__ = ["note_request"]

logger = logging.getLogger(__name__)


def note_request(connection: Connection, head: Head, status: int, seconds: float) -> None:
    """Write the line of a request. What the client wrote into it is printable ASCII, or it would be no request."""
    host = connection.client[0] if connection.client is not None else "-"
    target = head.target.decode("ascii")
    logger.info('%s "%s %s HTTP/%s" %d %.1f ms', host, head.method, target, head.fields.version, status, seconds * 1000)
