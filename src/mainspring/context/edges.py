"""Who injects whom: the bindings that making a value leads to, told without making any. For drawings and reports."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from mainspring.context.bindings import Binding, BindingScope
from mainspring.context.checking import factory_spec
from mainspring.context.errors import ContextError
from mainspring.context.injection import EMPTY, InjectionPoint
from mainspring.context.resolving import address_of, locate
from mainspring.context.sessions import ResolutionContext, Session
from mainspring.context.signatures import OF_PLAIN, class_spec
from mainspring.context.sources import BindingType

__all__ = ["Edge", "edges_from"]


class Edge(NamedTuple):
    """A way from a binding to another one.

    Attributes:
        kind: ``injects``; ``later`` for a getter or setter, which asks when it is called; ``alias``.
        label: The injection point, ``""`` for an alias.
        target: The binding it leads to.
        owner: The context that holds the target.
    """

    kind: str
    label: str
    target: Binding[Any]
    owner: Any


def edges_from(binding: Binding[Any], owner: Any, contexts: Iterable[Any]) -> list[Edge]:
    """The edges of a binding of one context.

    Args:
        binding: The binding.
        owner: The context that holds it.
        contexts: All contexts: what is not seen from the owner may be from one below it, which may ask as well.
    """
    source = binding.source
    if source is None or source.type is BindingType.CONSTANT:
        return []
    if source.type is BindingType.CLASS and class_spec(source.value) is OF_PLAIN:
        return []
    is_alias = source.type is BindingType.ALIAS
    points = [] if is_alias else _points(source)
    below = [each for each in contexts if each is not owner and owner.is_visible_to(each)]
    views = [owner] if binding.scope is BindingScope.SINGLETON else [owner, *below]
    if is_alias:
        key = source.key if source.key is not None else source.value
        return [Edge("alias", "", *found) for found in _first(views, key)]
    session = Session(sync=False)
    session.binding = binding
    return list(dict.fromkeys(edge for point in points for edge in _of_point(point, views, session)))


def _points(source: Any) -> list[InjectionPoint]:
    found: list[InjectionPoint] = []
    if source.type is BindingType.CLASS or source.type is BindingType.PROVIDER:
        spec = class_spec(source.value)
        found += [*spec.constructor.points, *spec.properties]
    if source.call is not None:
        found += factory_spec(source).points
    return found


def _of_point(point: InjectionPoint, views: list[Any], session: Session) -> Iterator[Edge]:
    try:
        marker = point.marker
        if marker is not None and marker.foresee is not None:
            for target in marker.foresee(views[0], point, session.at(point)):
                yield Edge("injects", point.target_name, target, views[0].get_owner_context(target) or views[0])
            return
        wanted = marker.key if marker is not None and marker.key is not None else None
        if wanted is None and (marker is None or marker.resolve is None):
            wanted = point.wanted
        if wanted is None or wanted in (EMPTY, ResolutionContext):
            return
        kind = "injects" if marker is None or marker.resolve is None else "later"
        for found in _first(views, wanted):
            yield Edge(kind, point.target_name, *found)
    except ContextError:  # what cannot be told is left out: `mainspring check` says what is wrong with it
        return


def _first(views: list[Any], key: Any) -> list[tuple[Binding[Any], Any]]:
    """What the first context finds that finds anything."""
    address, _ = address_of(key)
    for ctx in views:
        found = locate(ctx, address)
        if found is not None:
            return [found]
    return []
