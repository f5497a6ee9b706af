"""Mounting: which controllers are served below which endpoints, and their routes."""

import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct

from mainspring.context import Binding, create_binding_from_class
from mainspring.core import CoreTags
from mainspring.http.paths import join_paths
from mainspring.loader.decorators import controller_notes
from mainspring.loader.errors import MountError
from mainspring.loader.scanning import Scanner, classes_of, listed
from mainspring.loader.settings import endpoint_name
from mainspring.rest.keys import RestTags

__all__ = ["Mounting"]

logger = logging.getLogger("mainspring.loader")


class _Entry(Struct, frozen=True):
    """Something to mount: a class, a module or a pattern.

    Attributes:
        endpoint: Where.
        what: What.
        is_explicit: Whether somebody named it, so that it is news when nothing is there.
        is_passing: Whether a hook registered it, which runs again at the next start.
    """

    endpoint: str
    what: Any
    is_explicit: bool = True
    is_passing: bool = False


class _Placed(Struct, frozen=True):
    """A controller at a place, whose path is the endpoint and the paths of its parents, outermost first."""

    endpoint: str
    prefix: str
    cls: type[Any]
    parents: tuple[type[Any], ...] = ()


class Mounting:
    """What one server mounts.

    Args:
        server: The server.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._scanner = Scanner(server)
        self._entries: list[_Entry] = []
        self._bound: dict[type[Any], Binding[Any]] = {}
        self._placed: dict[_Placed, list[Binding[Any]]] = {}
        self._children: set[type[Any]] = set()
        self._prepared: list[_Placed] = []
        self._is_up = False

    # Registering

    def add(self, endpoint: str, what: Any, *, is_passing: bool = False) -> None:
        """Mount something: at the start, or at once when the routes stand.

        Raises:
            TypeError: A class is no controller, or it is nothing that can be mounted.
            BootError: A file cannot be imported.
            DuplicateRouteError: An operation is there already; nothing is mounted then.
        """
        entries = [_Entry(endpoint_name(endpoint), each, is_passing=is_passing) for each in listed(what)]
        if self._is_up:
            self._route(self._places_of(entries))
        self._entries += entries

    def remove(self, endpoint: str) -> None:
        """Take away what is mounted at an endpoint.

        Raises:
            MountError: Nothing is.
        """
        name = endpoint_name(endpoint)
        placed = [each for each in self._placed if each.endpoint == name]
        entries = [entry for entry in self._entries if entry.endpoint == name]
        if not placed and not entries:
            known = ", ".join(dict.fromkeys(each.endpoint for each in self._placed)) or "none"
            raise MountError(name, "the endpoint", f"is not mounted; mounted are {known}")
        for each in placed:
            self._unroute(self._placed.pop(each))
        self._entries = [entry for entry in self._entries if entry.endpoint != name]

    # At the start

    def prepare(self) -> list[Binding[Any]]:
        """Import what is to be mounted, and bind the controllers; their routes come with `route`.

        Raises:
            TypeError: A class is no controller, or something is nothing that can be mounted.
            BootError: A file cannot be imported.
            MountError: A pattern finds nothing, and the settings are strict; or children lead back to their parent.
        """
        settings = self._server.get_settings()
        is_given = settings.is_given("mount")
        entries = [
            _Entry(endpoint, each, is_explicit=is_given)
            for endpoint, what in settings.mount.items()
            for each in listed(what)
        ]
        self._prepared = self._places_of([*entries, *self._entries])
        return list(dict.fromkeys(self._bound[placed.cls] for placed in self._prepared))

    def route(self) -> None:
        """Route the operations of what was prepared.

        Raises:
            DuplicateRouteError: Two operations have one verb and path.
        """
        self._is_up = True
        self._route(self._prepared)
        self._prepared = []

    def reset(self) -> None:
        """Take every route away, and forget what hooks registered."""
        for bindings in self._placed.values():
            self._unroute(bindings)
        self._placed.clear()
        self._prepared = []
        self._entries = [entry for entry in self._entries if not entry.is_passing]
        self._is_up = False

    # From entries to places

    def _places_of(self, entries: list[_Entry]) -> list[_Placed]:
        found = list(self._classes_of(entries))
        for _, cls, _ in found:
            self._children.update(_descendants(cls))
        places: dict[_Placed, None] = {}
        for endpoint, cls, is_direct in found:
            if is_direct or cls not in self._children:
                for placed in _below(endpoint, "" if endpoint == "/" else endpoint, cls, ()):
                    places[placed] = None
        for placed in places:
            self._bind(placed.cls)
        return list(places)

    def _classes_of(self, entries: list[_Entry]) -> Iterator[tuple[str, type[Any], bool]]:
        """Endpoint, controller, and whether it was named itself."""
        patterns = dict.fromkeys(_text(entry.what) for entry in entries if isinstance(entry.what, str | os.PathLike))
        modules = self._scanner.modules(patterns) if patterns else {}
        for entry in entries:
            what = entry.what
            if isinstance(what, type):
                if controller_notes(what) is None:
                    raise TypeError(
                        f"{entry.endpoint}: {what.__name__} is no controller; decorate it with @controller, itself."
                    )
                yield entry.endpoint, what, True
                continue
            if not isinstance(what, str | os.PathLike | ModuleType):
                raise TypeError(
                    f"{entry.endpoint}: {what!r} ({type(what).__name__}) cannot be mounted; "
                    "mount a controller class, a glob, a path, a module, or a list of them."
                )
            sources = [what] if isinstance(what, ModuleType) else modules[_text(what)]
            found = [cls for each in sources for cls in classes_of(each) if controller_notes(cls) is not None]
            if not found and entry.is_explicit and str(what) not in self._scanner.refused:
                self._tell_of_nothing(entry, has_files=bool(sources))
            for cls in found:
                yield entry.endpoint, cls, False

    def _tell_of_nothing(self, entry: _Entry, *, has_files: bool) -> None:
        shown = entry.what.__name__ if isinstance(entry.what, ModuleType) else str(entry.what)
        why = "finds files without a controller" if has_files else "matches no file"
        report_nothing(self._server, entry.endpoint, shown, why)

    # From places to routes

    def _bind(self, cls: type[Any]) -> Binding[Any]:
        """The binding of a controller class: one, wherever it is mounted."""
        known = self._bound.get(cls)
        if known is not None and self._server.own_binding(known.key) is known:
            return known
        notes = controller_notes(cls)
        binding = create_binding_from_class(
            cls, type=CoreTags.CONTROLLER, default_scope=self._server.get_settings().scope("controller")
        )
        number = 2
        while self._server.own_binding(binding.key) is not None:  # another class of this name
            name = f"{cls.__name__}-{number}"
            binding = create_binding_from_class(
                cls, key=f"controllers.{name}", default_scope=self._server.get_settings().scope("controller")
            ).tag(CoreTags.CONTROLLER)
            number += 1
        if notes is not None and notes.scope is not None:
            binding.in_scope(notes.scope)
        binding.tag(RestTags.MOUNTED)
        self._bound[cls] = binding
        self._server.add(binding)
        return binding

    def bind_type(self, cls: type[Any]) -> None:
        """Make a controller known by its type, without a route."""
        self._bind(cls)

    def _route(self, places: Iterable[_Placed]) -> None:
        """Route all of these, or none of them."""
        registry = self._server.rest_server.registry
        done: dict[_Placed, list[Binding[Any]]] = {}
        try:
            with self._server.rest_server.planning.holding_settings():
                for placed in places:
                    if placed not in self._placed:
                        routes = done[placed] = []
                        for route in registry.routes_of(placed.cls, self._bound[placed.cls].key, placed.prefix):
                            route.parents = placed.parents
                            self._server.stages.prepare(route)
                            routes.append(registry.add(route))
        except BaseException:
            for routes in done.values():
                self._unroute(routes)
            raise
        self._placed |= done

    def _unroute(self, bindings: list[Binding[Any]]) -> None:
        server = self._server.rest_server
        for binding in bindings:
            if server.own_binding(binding.key) is binding:
                server.unbind(binding.key)

    # Telling

    def log_routes(self) -> None:
        """Log every route once."""
        for bindings in self._placed.values():
            for binding in bindings:
                route: Any = binding.source.value  # type: ignore[union-attr]  # a route is a constant
                logger.info("%-7s %s %s", route.verb.upper(), route.path, route.description)


def report_nothing(server: Any, endpoint: str, pattern: str, why: str) -> None:
    """Say that a pattern finds nothing.

    Raises:
        MountError: The settings are strict.
    """
    if server.get_settings().strict:
        raise MountError(endpoint, pattern, f"{why}; correct it, or switch the setting 'strict' off")
    logger.warning("%s: %s %s.", endpoint, pattern, why)


def _text(what: str | os.PathLike[str]) -> str:
    return str(what) if isinstance(what, Path) else os.fspath(what)


def _children_of(cls: type[Any]) -> tuple[type[Any], ...]:
    notes = controller_notes(cls)
    children: tuple[Any, ...] = notes.children if notes is not None else ()
    for child in children:
        if controller_notes(child) is None:
            shown = child.__name__ if isinstance(child, type) else repr(child)
            raise TypeError(f"{shown} is a child of {cls.__name__} and no controller: decorate it with @controller.")
    return children


def _descendants(cls: type[Any]) -> set[type[Any]]:
    found: set[type[Any]] = set()
    waiting = list(_children_of(cls))
    while waiting:
        child = waiting.pop()
        if child not in found:
            found.add(child)
            waiting += _children_of(child)
    return found


def _below(endpoint: str, prefix: str, cls: type[Any], above: tuple[type[Any], ...]) -> Iterator[_Placed]:
    """The class and all below it, each with its path."""
    if cls in above:
        way = " -> ".join(each.__name__ for each in (*above[above.index(cls) :], cls))
        raise MountError(endpoint, cls.__name__, f"is below itself: {way}")
    notes = controller_notes(cls)
    path = join_paths(prefix, notes.path if notes is not None else "")
    path = "" if path == "/" else path
    yield _Placed(endpoint, path, cls, above)
    for child in _children_of(cls):
        yield from _below(endpoint, path, child, (*above, cls))
