"""``X-Tenant: acme``, for servers behind a gateway that sets it."""

from typing import Any, ClassVar

from mainspring import injectable
from mainspring.rest import Request

from ..tenancy import identifies

__all__ = ["HeaderStrategy"]


@injectable(identifies)
class HeaderStrategy:
    """By a header field; sent twice it is taken for none that could be."""

    name = "header"
    scheme: ClassVar[dict[str, Any] | None] = {"type": "apiKey", "in": "header", "name": "X-Tenant"}

    def identify(self, request: Request) -> str | None:
        """The field."""
        return request.headers.get("x-tenant")
