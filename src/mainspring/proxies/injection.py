"""``service_proxy`` and ``get_service``: proxies for who needs them."""

from typing import Any, TypeVar, get_origin, overload

from mainspring.context import (
    BindingKey,
    Injection,
    InjectionPoint,
    InvocationSource,
    ResolutionError,
    create_proxy_with_interceptors,
)
from mainspring.context.creations import Steps
from mainspring.context.injection import EMPTY
from mainspring.context.interceptors import declared_interceptors
from mainspring.context.resolving import MISSING, Run, resolve
from mainspring.repository import DataSource
from mainspring.repository.keys import RepositoryBindings

__all__ = ["get_service", "service_proxy"]

T = TypeVar("T")

_NO_INTERFACE = (Any, object, EMPTY)


@overload
async def get_service(  # the union, not `type[T]` alone: that would refuse protocols and abstract classes
    interface: BindingKey[T] | type[T], datasource: DataSource
) -> T: ...
@overload
async def get_service(interface: None, datasource: DataSource) -> Any: ...
async def get_service(interface: Any, datasource: DataSource) -> Any:
    """A proxy of a remote service.

    Args:
        interface: A ``Protocol``, an abstract class, or a class of annotated methods; ``None`` for a method for each
            operation.
        datasource: With a connector for services, ``rest`` or ``openapi``.

    Raises:
        TypeError: It is no data source, or no proxy can be made of the interface.
        DataSourceError: It is configured wrongly, or its document cannot be had.
        UnsupportedOperationError: It has no services.
    """
    if not isinstance(datasource, DataSource):
        raise TypeError(f"A service needs an instance of DataSource, not {datasource!r}.")
    if getattr(datasource.connector, "needs_connection", False):
        await datasource.ready()
    return datasource.as_service(interface)


def service_proxy(datasource: Any) -> Any:
    """Inject a proxy of a remote service; the interface is the annotated type.

    Calls run the interceptors that ``@intercept`` names on the interface.

    Args:
        datasource: A data source, or its name (``datasources.<name>``), class or key.

    Raises:
        ResolutionError: When it is resolved: it names nothing.
    """

    def find(ctx: Any, point: InjectionPoint, session: Any) -> Any:
        return Run(_resolved(ctx, point, session, _key_of(datasource, point)))

    def foresee(ctx: Any, point: InjectionPoint, _session: Any) -> list[Any]:
        key = _key_of(datasource, point)
        found = None if isinstance(key, DataSource) else ctx.get_binding(key, optional=point.optional)
        return [] if found is None else [found]

    return Injection(None, resolve=find, decorator="service_proxy", details={"datasource": datasource}, foresee=foresee)


def _key_of(datasource: Any, point: InjectionPoint) -> Any:
    if isinstance(datasource, str) and datasource.strip():
        return f"{RepositoryBindings.DATASOURCES}.{datasource}"
    if isinstance(datasource, DataSource | BindingKey | type):
        return datasource
    raise ResolutionError(
        f"{point.target_name}: {datasource!r} is no data source: a name or an instance of DataSource is needed."
    )


def _resolved(ctx: Any, point: InjectionPoint, session: Any, key: Any) -> Steps:
    source = key
    if not isinstance(key, DataSource):
        source = yield from resolve(ctx, key, session, optional=point.optional)
    if source is MISSING:
        return MISSING
    interface = None if point.wanted in _NO_INTERFACE else get_origin(point.wanted) or point.wanted
    if getattr(source.connector, "needs_connection", False):
        yield source.ready()
    proxy = source.as_service(interface)
    if interface is None or next(declared_interceptors(interface), None) is None:
        return proxy
    return create_proxy_with_interceptors(proxy, ctx, InvocationSource("proxy", point.target_name))
