"""What a life cycle observer is, and how functions and generators become one."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

from mainspring.context import (
    Binding,
    BindingFilter,
    BindingKey,
    BindingScope,
    Context,
    ContextTags,
    filter_by_tag,
    injectable,
)
from mainspring.core.calling import call_function, function_name, is_generator_function
from mainspring.core.keys import CoreBindings, CoreTags
from mainspring.core.spans import FailureListener, Span

__all__ = [
    "PHASES",
    "FunctionObserver",
    "GeneratorObserver",
    "LifeCycleObserver",
    "as_life_cycle_observer",
    "create_function_binding",
    "create_hook_binding",
    "is_life_cycle_observer",
    "is_life_cycle_observer_class",
    "life_cycle_observer",
    "life_cycle_observer_filter",
]

C = TypeVar("C", bound=type[Any])

#: The methods an observer may have.
PHASES = ("init", "start", "stop")


class _AnyPhase(type(Protocol)):  # type: ignore[misc]  # the metaclass of protocols has no public name
    """Makes ``isinstance(x, LifeCycleObserver)`` true for anything with one of the three methods."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return is_life_cycle_observer(instance) if cls is LifeCycleObserver else super().__instancecheck__(instance)

    def __subclasscheck__(cls, other: Any) -> bool:
        return is_life_cycle_observer_class(other) if cls is LifeCycleObserver else super().__subclasscheck__(other)


class LifeCycleObserver(Protocol, metaclass=_AnyPhase):
    """Anything with any of ``init``, ``start`` and ``stop``, plain or ``async``, with injected parameters.

    Nothing has to inherit from it, and inheriting from it adds no behaviour.
    """


def is_life_cycle_observer(value: Any) -> bool:
    """Whether an object has at least one of the three methods."""
    return (
        callable(getattr(value, "start", None))
        or callable(getattr(value, "stop", None))
        or callable(getattr(value, "init", None))
    )


def is_life_cycle_observer_class(cls: Any) -> bool:
    """Whether it is a class whose instances have at least one of the three methods."""
    return isinstance(cls, type) and is_life_cycle_observer(cls)


def as_life_cycle_observer(binding: Binding[Any]) -> None:
    """The binding template of an observer."""
    binding.tag(CoreTags.LIFE_CYCLE_OBSERVER, {ContextTags.NAMESPACE: CoreBindings.LIFE_CYCLE_OBSERVERS})


#: The binding filter of observers.
life_cycle_observer_filter: BindingFilter = filter_by_tag(CoreTags.LIFE_CYCLE_OBSERVER)


def life_cycle_observer(
    group: str = "", tags: str | Mapping[str, Any] | Iterable[str | Mapping[str, Any]] = (), **options: Any
) -> Callable[[C], C]:
    """Mark a class as an observer of a group, a singleton unless it says otherwise.

    Args:
        group: The group it is started and stopped with.
        tags: Further tags, as for ``@injectable``.
        options: What else ``@injectable`` takes (``scope``, ``name``, …).
    """

    def template(binding: Binding[Any]) -> None:
        as_life_cycle_observer(binding)
        binding.tag({CoreTags.LIFE_CYCLE_OBSERVER_GROUP: group}).apply_default_scope(BindingScope.SINGLETON)

    def decorate(cls: C) -> C:
        injectable(template, tags=tags)(cls)
        return injectable(**options)(cls) if options else cls

    return decorate


class FunctionObserver:
    """A function that takes part in one phase.

    Attributes:
        is_sequential: Whether it runs after the sequential ones before it even where a group is notified in parallel.
    """

    def __init__(self, phase: str, function: Callable[..., Any], *, is_sequential: bool) -> None:
        self.function = function
        self.is_sequential = is_sequential
        setattr(self, phase, function)  # that it is there says which phase this takes part in

    async def notify(self, phase: str, ctx: Context) -> None:  # noqa: ARG002 - it has one phase
        """Call the function with parameters injected from ``ctx``."""
        result = await call_function(self.function, ctx)
        if hasattr(type(result), "__await__"):
            await result


class GeneratorObserver:
    """A generator function: ``start`` is what stands before its ``yield``, ``stop`` what stands after it."""

    def __init__(self, name: str, function: Callable[..., Any], on_end: FailureListener) -> None:
        self.name = name
        self.function = function
        self._on_end = on_end
        self._span: Span | None = None

    async def notify(self, phase: str, ctx: Context) -> None:
        """Begin a new run, or end the one that was begun."""
        await (self.start(ctx) if phase == "start" else self.stop())

    async def start(self, ctx: Context) -> None:
        """Begin a new run."""
        span = Span(self.name, partial(call_function, self.function, ctx), self._on_end)
        await span.open()
        self._span = span

    async def stop(self) -> None:
        """End the run."""
        span, self._span = self._span, None
        if span is not None:
            await span.close()


def create_hook_binding(phase: str, function: Callable[..., Any]) -> Binding[Any]:
    """The binding of a function for one phase, under a key of its own; such functions keep their order."""
    name = function_name(function, f"on_{phase}")
    key: BindingKey[Any] = BindingKey.generate(f"{CoreBindings.LIFE_CYCLE_OBSERVERS}.{name}")
    return Binding(key).to(FunctionObserver(phase, function, is_sequential=True)).apply(as_life_cycle_observer)


def create_function_binding(  # the options of a registration
    function: Callable[..., Any],
    on_end: FailureListener,
    *,
    name: str | None = None,
    namespace: str | None = None,
    key: Any = None,
) -> Binding[Any]:
    """The binding of a function given as an observer: a generator is start and stop, anything else is start.

    Raises:
        TypeError: It cannot be called.
    """
    if not callable(function):
        raise TypeError(f"A life cycle observer is a class or a function, not {function!r}.")
    name = name or function_name(function, "observer")
    binding: Binding[Any] = Binding(
        key if key is not None else f"{namespace or CoreBindings.LIFE_CYCLE_OBSERVERS}.{name}"
    )
    if is_generator_function(function):
        binding.to(GeneratorObserver(binding.key, function, on_end))
    else:
        binding.to(FunctionObserver("start", function, is_sequential=False))
    return binding.apply(as_life_cycle_observer)
