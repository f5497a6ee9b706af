"""Servers: what is put to work by ``start`` and taken out of it by ``stop``, and how one is found again."""

from typing import Any, Protocol, runtime_checkable

from mainspring.context import AmbiguousTypeError, Binding, Context, KeyNotBoundError, create_binding_from_class
from mainspring.core.keys import CoreBindings, CoreTags

__all__ = ["Server", "create_server_binding", "find_server"]


@runtime_checkable
class Server(Protocol):
    """A system that takes what comes in from outside and answers. Nothing has to inherit from it."""

    @property
    def listening(self) -> bool:
        """True from the end of a successful ``start`` until ``stop`` begins."""
        ...

    async def start(self) -> Any:
        """Begin to accept work. What was acquired is released again before a failure is raised."""
        ...

    async def stop(self) -> Any:
        """Accept nothing new, let work in progress finish, and return when nothing of it runs any more."""
        ...


_METHODS = ("start", "stop")


def create_server_binding(
    cls_or_instance: Any, name: str | None = None, *, namespace: str | None = None, key: Any = None
) -> Binding[Any]:
    """The binding of a server class (a singleton unless it says otherwise) or of a ready-made server.

    Raises:
        TypeError: It is neither a class nor something with ``start`` and ``stop``.
    """
    cls = cls_or_instance if isinstance(cls_or_instance, type) else type(cls_or_instance)
    if cls is not cls_or_instance and not all(callable(getattr(cls_or_instance, each, None)) for each in _METHODS):
        raise TypeError(
            f"A server has the methods start and stop; {cls_or_instance!r} has not: give a server or its class."
        )
    binding = create_binding_from_class(
        cls, type=CoreTags.SERVER, name=name, namespace=namespace, key=key, default_scope="singleton"
    )
    if cls is not cls_or_instance:
        binding.to(cls_or_instance).provides(cls)
    return binding.tag(CoreTags.LIFE_CYCLE_OBSERVER)


def find_server(ctx: Context, cls_or_name: Any) -> Binding[Any]:
    """The binding of a server, by name or by class.

    Raises:
        KeyNotBoundError: There is none.
        AmbiguousTypeError: Several are of that class, none under the class's own name.
        TypeError: It is neither a name nor a class.
    """
    if isinstance(cls_or_name, str):
        return ctx.get_binding(f"{CoreBindings.SERVERS}.{cls_or_name}")
    if not isinstance(cls_or_name, type):
        raise TypeError(f"A server is asked for by its name or its class, not by {cls_or_name!r}.")
    own = ctx.get_binding(f"{CoreBindings.SERVERS}.{cls_or_name.__name__}", optional=True)
    if own is not None:
        return own
    found = [binding for binding in ctx.find_by_tag(CoreTags.SERVER) if _is_of(binding, cls_or_name)]
    if len(found) == 1:
        return found[0]
    names = [each.name for each in ctx.chain()]
    keys = [binding.key for binding in found]
    if not found:
        raise KeyNotBoundError(
            f"No server of class {cls_or_name.__qualname__} is bound in {' <- '.join(names)}: "
            f"add it with app.server({cls_or_name.__name__}).",
            key=f"{CoreBindings.SERVERS}.{cls_or_name.__name__}",
            contexts=names,
        )
    raise AmbiguousTypeError(
        f"Several servers are of class {cls_or_name.__qualname__}: {', '.join(keys)}. Ask for one by its name.",
        key=cls_or_name.__qualname__,
        contexts=names,
        candidates=keys,
    )


def _is_of(binding: Binding[Any], cls: type[Any]) -> bool:
    made = binding.value_type
    return isinstance(made, type) and issubclass(made, cls)
