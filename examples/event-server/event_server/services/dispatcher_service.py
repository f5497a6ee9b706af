"""From an event to its handlers, whichever server it came in by."""

from typing import Annotated, Any

from mainspring import BindingScope, Context
from mainspring.core import ContextView, extension_point, extensions, invoke_method

from ..events import HANDLERS, NAMES, Event, EventBindings
from ..journal import Journal

__all__ = ["DispatcherService"]


@extension_point(HANDLERS, scope=BindingScope.SINGLETON)
class DispatcherService:
    """Knows no handler; finds those that are bound as extensions, also ones bound later."""

    def __init__(self, journal: Journal, handlers: Annotated[ContextView[Any], extensions.view()]) -> None:
        self.journal, self.handlers = journal, handlers

    async def dispatch(self, event: Event, source: Context) -> int:
        """Call every handler of the event in a context of its own below ``source``; gives how many there were.

        Raises:
            Exception: What a handler raised; the event is in the journal and the others were not called.
        """
        self.journal.add(event)
        async with Context(source, f"event {event.name}") as context:
            context.bind(EventBindings.EVENT).to(event)
            bindings = [each for each in self.handlers.bindings if event.name in each.tag_map[NAMES]]
            for binding in bindings:
                await invoke_method(await binding.get_value(context), "handle", context)
        return len(bindings)
