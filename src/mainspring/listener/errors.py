"""What can go wrong between a peer and whoever answers it. What is wrong with a request is an `HttpError`."""

from mainspring.errors import MainspringError

__all__ = ["IncompleteResponseError", "PeerGoneError"]


class PeerGoneError(MainspringError, ConnectionError):
    """The peer went away: there is nothing more to read, and nobody to write to.

    Remedy:
        Nothing is to be done for this peer; release what the request held.
    """

    def __str__(self) -> str:
        return "The client went away."


class IncompleteResponseError(MainspringError, RuntimeError):
    """A body is not as long as its ``Content-Length`` says.

    Remedy:
        Leave ``Content-Length`` to the framework, or write exactly that many bytes.

    Attributes:
        missing: How many bytes are missing; negative when there are too many.
    """

    def __init__(self, missing: int) -> None:
        super().__init__(missing)
        self.missing = missing

    def __str__(self) -> str:
        how = f"{self.missing} bytes too short" if self.missing > 0 else f"{-self.missing} bytes too long"
        return f"The body is {how} for its Content-Length: set the length of what is sent, or leave it out."
