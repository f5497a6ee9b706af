"""From a request to its tenant, and from the tenant to what is its own.

The middleware asks strategies, which are extensions, and binds what they found in the context of the request. There
everything is the tenant's: who asks for `Tenant` gets this one, and who asks for ``datasources.db`` its database.
"""

from typing import Annotated, Any, Protocol

from mainspring import BindingKey, BindingScope, DataSource, HttpErrors, Next, RequestContext, inject
from mainspring.core import CoreBindings, extension_for, extension_point, extensions
from mainspring.rest import Middleware, Request

from .settings import TenancySettings, TenantSettings

__all__ = ["TENANCY", "Strategies", "Strategy", "Tenant", "TenantMiddleware", "identifies", "source_key"]

STRATEGIES = "tenancy.strategies"
TENANCY: BindingKey[TenancySettings] = CoreBindings.APPLICATION_CONFIG.deep_property("tenancy")

#: Makes a class a strategy: ``@injectable(identifies)``.
identifies = extension_for(STRATEGIES)


def source_key(tenant: str) -> str:
    """The key of the database of a tenant, by its id."""
    return f"datasources.tenants.{tenant}"


class Tenant:
    """Whose request it is; injected by this type.

    Attributes:
        id: The id.
        settings: What is set for it.
    """

    def __init__(self, id: str, settings: TenantSettings) -> None:
        self.id, self.settings = id, settings


class Strategy(Protocol):
    """A way to tell whose request it is.

    Attributes:
        name: What it is called in the settings.
    """

    name: str

    @property
    def scheme(self) -> dict[str, Any] | None:
        """How clients say it, a security scheme of OpenAPI; ``None`` when there is nothing to be said."""
        ...

    def identify(self, request: Request) -> str | None:
        """The id of the tenant; ``None`` if the request does not say it in this way.

        Raises:
            HttpErrors.Unauthorized: It does, but not so that it could be believed.
        """
        ...


@extension_point(STRATEGIES, scope=BindingScope.SINGLETON)
class Strategies:
    """The strategies that are set, in their order.

    Raises:
        ValueError: A name in the settings is that of no strategy.
    """

    def __init__(
        self,
        known: Annotated[list[Strategy], extensions.list()],
        settings: Annotated[TenancySettings, inject(TENANCY)],
    ) -> None:
        by_name = {strategy.name: strategy for strategy in known}
        unknown = [name for name in settings.strategies if name not in by_name]
        if unknown or not settings.strategies:
            raise ValueError(f"tenancy.strategies has {unknown or 'none'}; there are {', '.join(by_name)}.")
        self.used = [by_name[name] for name in settings.strategies]
        self.settings = settings

    def identify(self, request: Request) -> Tenant:
        """The tenant of a request.

        Raises:
            HttpErrors.Unauthorized: Nothing says which.
            HttpErrors.Forbidden: There is no such tenant, or two strategies found two.
        """
        said = [strategy.identify(request) for strategy in self.used]
        found = {tenant for tenant in said if tenant is not None}
        if not found:
            message, challenge = "The request does not say whose it is.", {"WWW-Authenticate": "Bearer"}
            raise HttpErrors.Unauthorized(message, headers=challenge)
        tenant, *others = found
        if others or tenant not in self.settings.tenants:
            raise HttpErrors.Forbidden("The request says that it is of an unknown tenant, or of two.")
        return Tenant(tenant, self.settings.tenants[tenant])


class TenantMiddleware:
    """Binds the tenant, and its database, in the context of the request."""

    def __init__(self, strategies: Strategies) -> None:
        self.strategies = strategies

    def value(self) -> Middleware:
        """The middleware."""
        return self.handle

    async def handle(self, context: RequestContext, next: Next) -> Any:
        """Identify, bind, and go on."""
        tenant = self.strategies.identify(context.request)
        source: DataSource = await context.get(source_key(tenant.id))
        context.bind(Tenant).to(tenant)
        context.bind("datasources.db").to(source)
        return await next()
