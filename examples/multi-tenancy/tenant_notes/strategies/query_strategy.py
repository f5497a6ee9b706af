"""``?tenant=acme``, for trying out."""

from typing import Any, ClassVar

from mainspring import injectable
from mainspring.rest import Request

from ..tenancy import identifies

__all__ = ["QueryStrategy"]


@injectable(identifies)
class QueryStrategy:
    """By a parameter of the query."""

    name = "query"
    scheme: ClassVar[dict[str, Any] | None] = {"type": "apiKey", "in": "query", "name": "tenant"}

    def identify(self, request: Request) -> str | None:
        """The parameter; anything but one text is nobody's id."""
        said = request.query.get("tenant")
        return said if said is None or isinstance(said, str) else ""
