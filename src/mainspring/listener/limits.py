"""How much a peer may ask for, and how long it may take over it."""

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a listener. Times are seconds, sizes are bytes.

    Attributes:
        request_line: A longer request line is 414.
        head: Header lines that are longer altogether are 431; so is a trailer section.
        headers: More header lines are 431.
        headers_timeout: A head that is not complete by then is 408; a connection on which nothing came is closed.
        keep_alive_timeout: How long an idle connection is kept.
        connections: More connections than this get 503; ``None``: no limit.
        buffer: What is read ahead of whoever reads, at most: one piece of the socket more than this.
        drain: How much of a body that nobody wanted is read, to keep the connection; behind a longer one it is closed.
        linger: How long a closed connection is listened to, so that the peer gets the last answer.
    """

    request_line: int = 8 * 1024
    head: int = 32 * 1024
    headers: int = 100
    headers_timeout: float = 10.0
    keep_alive_timeout: float = 5.0
    connections: int | None = None
    buffer: int = 64 * 1024
    drain: int = 256 * 1024
    linger: float = 2.0
