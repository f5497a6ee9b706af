"""Checking an application that is not started: its contexts, its observers, its servers. Nothing of it is run.

A server that is a context says itself what it makes of it and what it calls: it is a `Checked`.
"""

from collections.abc import Callable
from types import MethodType
from typing import Any, Protocol, runtime_checkable

from mainspring.context import Binding, BindingScope, BindingType, Context
from mainspring.context.checking import Check, method_points, promised_by
from mainspring.context.places import Place
from mainspring.context.signatures import call_spec, constructor_of
from mainspring.core.application import Application
from mainspring.core.keys import CoreTags
from mainspring.core.observers import PHASES, FunctionObserver, GeneratorObserver
from mainspring.core.resources import Resource

__all__ = ["Checked", "PartOfCheck", "application_contexts", "check_application"]


class PartOfCheck(Protocol):
    """What concerns one context."""

    def prepare(self) -> None:
        """Say which contexts there will be while it runs (`Check.add_context`); before anything is looked at."""

    def run(self) -> None:
        """Look at what it calls, and report what is wrong with it."""


@runtime_checkable
class Checked(Protocol):
    """A context that makes contexts of its own, or calls what the container does not know of."""

    def part_of_check(self, check: Check) -> PartOfCheck:
        """Its part of a check."""
        ...


async def application_contexts(app: Application) -> list[Context]:
    """What is above the application, it itself, and its servers that are contexts.

    Servers that are not there yet are made only as far as no constructor of a program takes part: of a subclass that
    has one, an instance of the framework's class stands for it, of any other context an empty one.
    """
    contexts = [*reversed(list(app.chain()))]
    for binding in app.find_by_tag(CoreTags.SERVER):
        server = await _server_of(app, binding)
        if isinstance(server, Context):
            contexts.append(server)
    return contexts


async def _server_of(app: Application, binding: Binding[Any]) -> Any:
    source = binding.source
    if source is None:
        return None
    if source.type is BindingType.CONSTANT:
        return source.value
    kept = app.holder_of(binding).kept_value(binding)
    if isinstance(kept, Context):
        return kept
    cls = source.value if source.type is BindingType.CLASS else None
    safe = next((each for each in getattr(cls, "__mro__", ()) if _is_made_by_the_framework(each)), None)
    if safe is None:
        is_context = isinstance(cls, type) and issubclass(cls, Context)
        return Context(app, binding.key, scope=BindingScope.SERVER) if is_context else None
    return await (binding if safe is cls else Binding(binding.key).to_class(safe)).get_value(app)


def _is_made_by_the_framework(cls: type[Any]) -> bool:
    """Whether it is a context that serves, of which making an instance runs no constructor of a program."""
    constructor = constructor_of(cls)
    return (
        issubclass(cls, Context)
        and getattr(cls, "part_of_check", None) is not None
        and (getattr(constructor, "__module__", "").startswith("mainspring."))
    )


async def check_application(app: Application, place_of: Callable[[Binding[Any]], Place | None] | None = None) -> Check:
    """Look at every binding of every context of the application, and at what its observers and servers call.

    Args:
        app: The application, booted if it boots.
        place_of: Where a binding was declared; by default where its class or function is written.
    """
    check = Check(place_of) if place_of is not None else Check()
    contexts = await application_contexts(app)
    for context in contexts:
        check.add_context(context)
        for binding in context.own_bindings():
            check.promise(context, promised_by(binding))
    parts = [context.part_of_check(check) for context in contexts if isinstance(context, Checked)]
    for part in parts:
        part.prepare()
    for context in contexts:
        for binding in context.own_bindings():
            check.check_binding(context, binding)
    for binding in app.find_by_tag(CoreTags.LIFE_CYCLE_OBSERVER):
        _check_observer(check, app, binding)
    _check_resources(check, app)
    for part in parts:
        part.run()
    return check


def _check_observer(check: Check, app: Application, binding: Binding[Any]) -> None:
    """What its ``init``, ``start`` and ``stop`` are called with."""
    source = binding.source
    value = source.value if source is not None else None
    if isinstance(value, FunctionObserver | GeneratorObserver):
        check.check_points(app, call_spec(value.function).points)
    elif isinstance(binding.value_type, type):
        for phase in PHASES:
            check.check_points(app, method_points(binding.value_type, phase))


def _check_resources(check: Check, app: Application) -> None:
    for binding in app.own_bindings():
        value = binding.source.value if binding.source is not None else None
        if isinstance(value, MethodType) and isinstance(value.__self__, Resource):
            check.check_points(app, call_spec(value.__self__.factory).points)
