"""An instance of a class beside those that a server keeps, with doubles in the place of what it needs."""

from collections.abc import Mapping
from typing import Any

from mainspring.context import Binding, BindingScope, Context, create_binding_from_class
from mainspring.context.edges import edges_from
from mainspring.core.calling import call_method
from mainspring.core.overriding import replacement_for

__all__ = ["invoked"]


async def invoked(server: Any, cls: type[Any], overrides: Mapping[Any, Any]) -> Any:
    """Make the instance in a context of its own below the server, so that nothing of the server's changes.

    What stands between the class and a double is made anew as well: the server's was made with the original.

    Raises:
        ContextError: A dependency cannot be resolved.
    """
    ctx = Context(server, f"{cls.__name__} invoked")
    wanted = create_binding_from_class(cls).in_scope(BindingScope.TRANSIENT)
    doubles = {}
    for key, value in overrides.items():
        old = server.get_binding(key, optional=True)
        double = replacement_for(key, value, old).in_scope(BindingScope.SINGLETON)
        doubles[double.key] = double
    for between in _between(wanted, server, set(doubles)):
        ctx.add(replacement_for(between.key, between, between).in_scope(BindingScope.SINGLETON))
    for double in doubles.values():
        ctx.add(double)
    instance = await wanted.get_value(ctx)
    if callable(getattr(instance, "on_init", None)):
        result = call_method(instance, "on_init", ctx)
        if hasattr(type(result), "__await__"):
            await result
    return instance


def _between(wanted: Binding[Any], server: Any, doubled: set[str]) -> list[Binding[Any]]:
    """The bindings on the ways from one to those that are doubled."""
    known: dict[Binding[Any], bool] = {}

    def leads(binding: Binding[Any]) -> bool:
        if binding.key in doubled:
            return True
        if binding not in known:
            known[binding] = False  # of a ring, until something else is found
            targets = [edge.target for edge in edges_from(binding, server, [server]) if edge.kind != "later"]
            known[binding] = True in [leads(target) for target in targets]
        return known[binding]

    leads(wanted)
    return [binding for binding, is_between in known.items() if is_between and binding is not wanted]
