"""``acme.example.com``: tenants with a host of their own."""

from typing import Annotated, Any, ClassVar

from mainspring import inject, injectable
from mainspring.rest import Request

from ..settings import TenancySettings
from ..tenancy import TENANCY, identifies

__all__ = ["HostStrategy"]


@injectable(identifies)
class HostStrategy:
    """By the host that the client asked for; other hosts say nothing."""

    name = "host"
    scheme: ClassVar[dict[str, Any] | None] = None

    def __init__(self, settings: Annotated[TenancySettings, inject(TENANCY)]) -> None:
        self.hosts = {host.lower(): name for name, tenant in settings.tenants.items() for host in tenant.hosts}

    def identify(self, request: Request) -> str | None:
        """The tenant of the host."""
        return self.hosts.get(request.host[0].lower())
