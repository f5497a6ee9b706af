"""What happens in an application during a block, noted in order."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, NamedTuple, overload

from mainspring.context import Binding, BindingType, Context, ContextEvent
from mainspring.core import Application

__all__ = ["CapturedEvent", "CapturedEvents", "capture_events"]


class CapturedEvent(NamedTuple):
    """One event.

    Attributes:
        name: ``state_changed``, ``bind``, ``unbind`` or ``query``.
        source: The application, context or data source that told of it.
        detail: The new state; the binding; the ``QueryEvent``.
    """

    name: str
    source: Any
    detail: Any


class CapturedEvents(Sequence[CapturedEvent]):
    """The events of a block, in order; they stay when it is over."""

    def __init__(self) -> None:
        self._events: list[CapturedEvent] = []

    @overload
    def __getitem__(self, place: int) -> CapturedEvent: ...
    @overload
    def __getitem__(self, place: slice) -> list[CapturedEvent]: ...
    def __getitem__(self, place: int | slice) -> CapturedEvent | list[CapturedEvent]:
        return self._events[place]

    def __len__(self) -> int:
        return len(self._events)

    def __repr__(self) -> str:
        return f"<CapturedEvents {[event.name for event in self]}>"

    def note(self, name: str, source: Any, detail: Any) -> None:
        """Add one, of a program's own for instance."""
        self._events.append(CapturedEvent(name, source, detail))

    def of(self, name: str) -> list[Any]:
        """The details of the events of a name, in order."""
        return [event.detail for event in self if event.name == name]

    def clear(self) -> None:
        """Forget what was noted so far."""
        self._events.clear()

    @property
    def states(self) -> list[str]:
        """The states that the application went through."""
        return self.of("state_changed")

    @property
    def statements(self) -> list[str]:
        """The texts of the statements that data sources sent for queries."""
        return [event.sql for event in self.of("query") if event.kind == "query"]


@contextmanager
def capture_events(app: Application, *others: Context) -> Iterator[CapturedEvents]:
    """Note what happens in an application: ``with capture_events(app) as events:``, also before it starts.

    Noted are its changes of state, bindings that come and go in it, and the statements of its data sources, once
    they are made.

    Args:
        app: The application.
        others: Further contexts whose bindings are watched, servers for instance.
    """
    events = CapturedEvents()
    with ExitStack() as stack:
        for context in (app, *others):
            for name in ("bind", "unbind"):
                _listen(stack, context, name, partial(_note, events, context))
        heard: list[Any] = []

        def follow(_: str, state: str) -> None:
            events.note("state_changed", app, state)
            _listen_to_data(stack, app, events, heard)

        _listen(stack, app, "state_changed", follow)
        _listen_to_data(stack, app, events, heard)
        yield events


def _note(events: CapturedEvents, context: Context, event: ContextEvent) -> None:
    if event.context is context:  # those of contexts above are told here, too
        events.note(event.type, context, event.binding)


def _listen(stack: ExitStack, context: Any, name: str, listener: Callable[..., Any]) -> None:
    context.on(name, listener)
    stack.callback(context.off, name, listener)


def _listen_to_data(stack: ExitStack, app: Application, events: CapturedEvents, heard: list[Any]) -> None:
    """Hear the statements of the data sources that are there now."""
    for binding in app.find_by_tag("datasource"):
        datasource = _made(app, binding)
        if any(datasource is each for each in heard) or not hasattr(datasource, "off"):
            continue
        heard.append(datasource)
        _listen(stack, datasource, "query", partial(events.note, "query", datasource))


def _made(app: Application, binding: Binding[Any]) -> Any:
    """The value of a binding, if it is there without making it."""
    source = binding.source
    if source is not None and source.type is BindingType.CONSTANT:
        return source.value
    return app.kept_value(binding)
