"""``repository``: the marker that injects repositories, bound ones or made for a model and a data source."""

from typing import Any, TypeVar, overload

from mainspring.context import Binding, BindingKey, Getter, Injection, InjectionPoint, ResolutionError, inject
from mainspring.context.creations import Steps
from mainspring.context.resolving import MISSING, Run, resolve
from mainspring.repository.crud import DefaultCrudRepository
from mainspring.repository.datasources import DataSource
from mainspring.repository.keys import RepositoryBindings

__all__ = ["repository", "repository_key"]

R = TypeVar("R")


class _Repository:
    """Injects a repository into a parameter or property."""

    @overload
    def __call__(self, target: type[R], datasource: None = None, *, optional: bool = ...) -> R: ...
    @overload
    def __call__(self, target: Any, datasource: Any = None, *, optional: bool = ...) -> Any: ...
    def __call__(self, target: Any, datasource: Any = None, *, optional: bool = False) -> Any:
        """Inject the repository of a class or name, or one for a model and a data source.

        Args:
            target: A repository class or its name (``repositories.<name>``); with ``datasource`` a model class or
                its name (``models.<name>``).
            datasource: A data source, or its name (``datasources.<name>``), to make a ``DefaultCrudRepository`` with.
            optional: Give ``None`` when nothing is bound.

        Raises:
            ResolutionError: When it is resolved: the target names nothing.
        """

        def find(ctx: Any, point: InjectionPoint, session: Any) -> Any:
            return Run(_resolved(ctx, point, session, target, datasource))

        def foresee(ctx: Any, point: InjectionPoint, _session: Any) -> list[Binding[Any]]:
            keys = _keys_of(ctx, _checked(target, point), datasource)
            found = [ctx.get_binding(key, optional=point.optional) for key in keys]
            return [binding for binding in found if binding is not None]

        details = {"repository": target, "datasource": datasource}
        return Injection(
            None, optional=optional, resolve=find, decorator="repository", details=details, foresee=foresee
        )

    def getter(self, target: type[R] | str) -> Getter[R] | Any:
        """Inject an async callable that resolves the repository when called: for repositories that need each other."""

        def make(ctx: Any, point: InjectionPoint, session: Any) -> Any:  # noqa: ARG001 - as resolvers are called
            async def get() -> Any:
                return await ctx.get(repository_key(ctx, _checked(target, point)))

            return get

        return inject(resolve=make, decorator="repository.getter", repository=target)


repository = _Repository()


def _checked(target: Any, point: InjectionPoint) -> Any:
    if isinstance(target, type) or (isinstance(target, str) and target.strip()):
        return target
    raise ResolutionError(
        f"{point.target_name}: {target!r} is an invalid repository: name a repository class, or a model and a source."
    )


def repository_key(ctx: Any, target: Any) -> Any:
    """The key by convention, or the class itself when it is bound elsewhere."""
    name = target if isinstance(target, str) else target.__name__
    key = BindingKey[Any](f"{RepositoryBindings.REPOSITORIES}.{name}")
    return key if isinstance(target, str) or ctx.is_bound(key) else target


def _keys_of(ctx: Any, target: Any, datasource: Any) -> list[Any]:
    """What is looked up for a repository: itself, or as far as they are named the model and the data source."""
    if datasource is None:
        return [repository_key(ctx, target)]
    model = [f"{RepositoryBindings.MODELS}.{target}"] if isinstance(target, str) else []
    return model if isinstance(datasource, DataSource) else [*model, _datasource_key(datasource)]


def _datasource_key(datasource: Any) -> Any:
    return f"{RepositoryBindings.DATASOURCES}.{datasource}" if isinstance(datasource, str) else datasource


def _resolved(ctx: Any, point: InjectionPoint, session: Any, target: Any, datasource: Any) -> Steps:
    target = _checked(target, point)
    if datasource is None:
        return (yield from resolve(ctx, repository_key(ctx, target), session, optional=point.optional))
    model = target
    if isinstance(target, str):
        model = yield from resolve(ctx, f"{RepositoryBindings.MODELS}.{target}", session, optional=point.optional)
    if not isinstance(datasource, DataSource):
        datasource = yield from resolve(ctx, _datasource_key(datasource), session, optional=point.optional)
    if model is MISSING or datasource is MISSING:
        return MISSING
    return DefaultCrudRepository(model, datasource)
