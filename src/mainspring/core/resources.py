"""Resources: values that are there from the start of an application until its stop.

A resource is a generator function. Its first half runs before anything else of a start, in order of registration; its
second half runs after everything else of the stop, in reverse.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from mainspring.context import Binding, BindingScope, Context
from mainspring.core.calling import call_function, function_name, is_generator_function
from mainspring.core.errors import NotOpenError
from mainspring.core.spans import FailureListener, Span

__all__ = ["Resource", "Resources"]

logger = logging.getLogger(__name__)

#: Every value of such a type would be taken for the resource if it were found by the type alone.
_NO_TYPES = (str, bytes, int, float, complex, bool, list, tuple, dict, set, frozenset, object)

_CLOSED: Any = object()


class Resource:
    """One resource: its binding and, while it is open, its value."""

    def __init__(self, factory: Callable[..., Any], key: Any) -> None:
        if not is_generator_function(factory):
            raise TypeError(f"A resource is a generator or async generator function that yields once, not {factory!r}.")
        self.factory = factory
        self.binding: Binding[Any] = Binding(
            key if key is not None else f"resources.{function_name(factory, 'resource')}"
        )
        self.binding.to_dynamic_value(self.value).in_scope(BindingScope.SINGLETON)
        self._span: Span | None = None
        self._value: Any = _CLOSED
        self._is_typed = False
        self._provide_type()

    def value(self) -> Any:
        """The value that is open now.

        Raises:
            NotOpenError: It is not.
        """
        if self._value is _CLOSED:
            raise NotOpenError(self.binding.key)
        return self._value

    async def open(self, ctx: Context, on_end: FailureListener) -> None:
        """Run the first half, its parameters injected from ``ctx``."""
        self._provide_type()
        span = Span(self.binding.key, partial(call_function, self.factory, ctx), on_end)
        self._value = await span.open()
        self._span = span
        self.binding.refresh(ctx)

    async def close(self, ctx: Context) -> None:
        """Run the second half; nothing when it is not open."""
        span, self._span, self._value = self._span, None, _CLOSED
        self.binding.refresh(ctx)
        if span is not None:
            await span.close()

    def _provide_type(self) -> None:
        """Offer the value by the annotated type; of one that cannot be evaluated yet, later."""
        if self._is_typed:
            return
        wanted = Binding("resource").to_dynamic_value(self.factory).value_type
        if wanted is not None:
            self._is_typed = True
            if wanted not in _NO_TYPES and (isinstance(wanted, type) or hasattr(wanted, "__origin__")):
                self.binding.provides(wanted)


class Resources:
    """The resources of an application, in order of registration.

    Attributes:
        closing: The key of the one that is being closed, if any.
    """

    def __init__(self, ctx: Context, on_end: FailureListener) -> None:
        self._ctx = ctx
        self._on_end = on_end
        self._all: list[Resource] = []
        self._open: list[Resource] = []
        self.closing: str | None = None

    def add(self, resource: Resource) -> Binding[Any]:
        """Register one and bind it; one registered under the same key is replaced."""
        self._ctx.add(resource.binding)
        self._all = [each for each in self._all if each.binding.key != resource.binding.key]
        self._all.append(resource)
        return resource.binding

    async def open(self) -> None:
        """Open those that are bound and not open.

        Raises:
            Exception: What an opening raised. What had been opened here before is closed again.
        """
        opened: list[Resource] = []
        try:
            for resource in self._all:
                if resource not in self._open and self._ctx.own_binding(resource.binding.key) is resource.binding:
                    await resource.open(self._ctx, self._on_end)
                    self._open.append(resource)
                    opened.append(resource)
        except BaseException as error:
            for failure in await self.close():
                error.add_note(f"and, while closing what was open: {failure!r}")
                logger.error("A resource could not be closed after a failure.", exc_info=failure)
            raise

    async def close(self) -> list[BaseException]:
        """Close all that are open, last first; what went wrong, in order of occurrence."""
        failures: list[BaseException] = []
        while self._open:
            resource = self._open.pop()
            self.closing = resource.binding.key
            try:
                await resource.close(self._ctx)
            except BaseException as error:  # one failure, or a cancellation, robs no other of its turn
                error.add_note(f"in closing the resource {resource.binding.key!r}")
                failures.append(error)
        self.closing = None
        return failures
