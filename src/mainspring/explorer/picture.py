"""What an application consists of at this moment, as plain data: contexts, bindings, and who injects what.

It is the data of ``mainspring inspect``, of a running application and piece by piece, so that thousands of bindings
stop nobody. Contexts are known here by numbers and weakly: whoever holds a piece of data holds no context.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from mainspring.context import Binding, BindingType, Context
from mainspring.context.edges import edges_from
from mainspring.context.inspecting import inspect_binding
from mainspring.context.places import Place, declared_place, place_of_caller, place_words
from mainspring.context.resolving import MISSING
from mainspring.core.contexts import contexts_of
from mainspring.explorer.keys import ExplorerTags
from mainspring.explorer.routes import controller_of_route, place_of_route, words_of_route
from mainspring.explorer.values import MASK, shown_value

__all__ = ["Picture", "Row"]

#: Context, key, kind, scope, tags, source, place, whether it is locked.
Row = tuple[int, str, str, str, dict[str, Any], str, str, bool]

#: How many bindings are looked at before others get their turn: some 2 ms of work.
_SLICE = 50


class Picture:
    """What can be told of an application.

    Args:
        app: The application.
        values: Whether values may be told.
    """

    def __init__(self, app: Context, *, values: bool) -> None:
        self._app = app
        self._values = values
        self._numbers: WeakKeyDictionary[Context, int] = WeakKeyDictionary()
        self._contexts: WeakValueDictionary[int, Context] = WeakValueDictionary()
        self._next = count()
        self._bound_at: WeakKeyDictionary[Binding[Any], Place] = WeakKeyDictionary()
        app.on("bind", self._note_place)

    def _note_place(self, event: Any) -> None:
        """Remember who binds: a constant is written nowhere else."""
        place = place_of_caller()
        if place is not None:
            self._bound_at[event.binding] = place

    # Contexts

    @property
    def head(self) -> dict[str, Any]:
        """What is said of the whole."""
        return {"name": self._app.name, "values": self._values}

    def contexts(self) -> list[dict[str, Any]]:
        """The contexts, each one after its parent."""
        known: dict[Any, int] = {context: self._number(context) for context in contexts_of(self._app)}
        return [
            {"id": number, "name": each.name, "scope": each.scope.value, "parent": known.get(each.parent)}
            for each, number in known.items()
        ]

    def _number(self, context: Context) -> int:
        number = self._numbers.get(context)
        if number is None:
            number = self._numbers[context] = next(self._next)
            self._contexts[number] = context
        return number

    def changes(self) -> tuple[tuple[int, int], ...]:
        """Numbers that are equal as long as nothing has changed."""
        return tuple((self._number(each), each.change_counts()[0]) for each in contexts_of(self._app))

    # Bindings

    def keys(self) -> list[tuple[int, str]]:
        """All bindings: the number of the context and the key, by context and then in alphabetical order."""
        found: list[tuple[int, str]] = []
        for context in contexts_of(self._app):
            number = self._number(context)
            found += [(number, key) for key in sorted(binding.key for binding in context.own_bindings())]
        return found

    def rows(self, keys: Iterable[tuple[int, str]]) -> list[tuple[Row, object]]:
        """What a list shows of these bindings, as far as they are still there.

        Each with an object that is another one when the binding got another value, which a row does not show.
        """
        found = ((number, self._binding(number, key)) for number, key in keys)
        return [(self._row(number, binding), binding.epoch) for number, binding in found if binding is not None]

    def _binding(self, number: int, key: str) -> Binding[Any] | None:
        context = self._contexts.get(number)
        return None if context is None or context.is_closed else context.own_binding(key)

    def _row(self, number: int, binding: Binding[Any]) -> Row:
        told = inspect_binding(binding)
        kind = told.get("type", "")
        return (
            *(number, told["key"], kind, told["scope"], told["tags"]),
            *(_source(told, binding), self._place(binding) or "", told["is_locked"]),
        )

    def _place(self, binding: Binding[Any]) -> str | None:
        return place_words(place_of_route(binding) or declared_place(binding, self._bound_at.get(binding)))

    def details(self, number: int, key: str) -> dict[str, Any] | None:
        """All that is told of one binding; ``None`` when it is not there."""
        self.changes()  # so that all contexts have their numbers
        binding = self._binding(number, key)
        if binding is None:
            return None
        context = self._contexts[number]
        told = inspect_binding(binding, include_injections=True)
        told |= {"source": _source(told, binding), "declared": self._place(binding)}
        holder = context.get_resolution_context(binding)
        value = binding.source.value if _is_constant(binding) else _kept(holder, binding)  # type: ignore[union-attr]  # a constant is a source
        told["made"] = value is not MISSING
        if self._values and value is not MISSING:
            told["value"] = MASK if ExplorerTags.SECRET in binding.tag_map else shown_value(binding.key, value)
        return told

    # Injections

    async def edges(self) -> dict[str, Any]:
        """Who injects what: bindings as ``[context, key]``, and edges as ``[from, to, kind, injection point]``."""
        places: dict[tuple[int, str], int] = {}
        edges: list[tuple[int, int, str, str]] = []
        async for number, key in _in_slices(self.keys()):
            binding = self._binding(number, key)
            if binding is None:
                continue
            for owner, target, kind, label in self._edges_of(binding, number):
                tail = places.setdefault((number, key), len(places))
                edges.append((tail, places.setdefault((owner, target), len(places)), kind, label))
        return {"bindings": list(places), "edges": edges}

    def _edges_of(self, binding: Binding[Any], number: int) -> list[tuple[int, str, str, str]]:
        contexts, context = contexts_of(self._app), self._contexts[number]
        edges = [edge for edge in edges_from(binding, context, contexts) if edge.owner in contexts]
        found = [(self._number(edge.owner), edge.target.key, edge.kind, edge.label) for edge in edges]
        controller = controller_of_route(binding)
        owner = context.get_owner_context(controller) if controller is not None else None
        if controller is not None and owner is not None:
            found.append((self._number(owner), controller, "injects", words_of_route(binding) or ""))
        return found


async def _in_slices(keys: list[tuple[int, str]]) -> AsyncIterator[tuple[int, str]]:
    for position, key in enumerate(keys, 1):
        yield key
        if position % _SLICE == 0:
            await asyncio.sleep(0)


def _is_constant(binding: Binding[Any]) -> bool:
    return binding.type is BindingType.CONSTANT


def _kept(holder: Context | None, binding: Binding[Any]) -> Any:
    return MISSING if holder is None else holder.kept_value(binding)


def _source(told: dict[str, Any], binding: Binding[Any]) -> str:
    """What it is made from: a class, a factory, another key; of a constant, what sort of thing it is."""
    for name in ("class", "provider", "factory", "alias"):
        if name in told:
            return str(told[name])
    if not _is_constant(binding):
        return ""
    return words_of_route(binding) or type(binding.source.value).__name__  # type: ignore[union-attr]  # as above
