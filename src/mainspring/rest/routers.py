"""Finding the operation of a verb and a path. Two routers with identical results: a trie, and a list of patterns.

Both work on the undecoded path, segment by segment, and follow one order: left to right a literal segment beats one
with text around its variable, that one beats a bare variable, and ``{rest:path}`` comes last. What a path means to the
application (base path, versions, mounts) is not known here.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Protocol

from mainspring.context import inject
from mainspring.http import PathTemplate, Segment, canonical_segment
from mainspring.rest.errors import DuplicateRouteError
from mainspring.rest.keys import RestBindings
from mainspring.rest.routes import AnyRoute, RouteMatch

__all__ = ["VERB_ORDER", "RegexRouter", "Router", "TrieRouter", "offered_verbs", "specificity"]

#: Paths of which every segment is in its canonical spelling already.
_IS_CANONICAL = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/]*").fullmatch

#: An argument that a container takes from the ``router`` settings.
Strict = Annotated[bool, inject(RestBindings.ROUTER_OPTIONS.deep_property("strict"), optional=True)]

VERB_ORDER = ("post", "put", "patch", "get", "head", "delete", "options", "trace")


class Router(Protocol):
    """What a server asks of a router; bind a class with these at ``RestBindings.ROUTER``, by ``to`` or ``to_class``.

    A server has a router of its own, made anew whenever its routes change: an instance that is bound is copied
    (`copy.copy`) before routes are added.
    """

    def add(self, route: AnyRoute) -> None:
        """Know this route from now on."""

    def find(self, verb: str, path: str) -> RouteMatch | None:
        """The route of a verb (any case) for an undecoded path, with the values of its variables."""

    def list(self) -> list[AnyRoute]:
        """All routes, most specific template first, then by verb."""
        ...


def specificity(template: PathTemplate) -> tuple[Any, ...]:
    """A key that sorts more specific templates first; equal for templates that match the same paths."""
    # A template that goes on is more specific than one that ends: 9 is after everything.
    return (*(_rank(segment) for segment in template.segments), (9,))


def _rank(segment: Segment) -> tuple[Any, ...]:
    literal = segment.literal
    if literal is not None:
        return (0,)
    if segment.rest:
        return (3,)
    if len(segment.parts) == 1:
        return (2,)
    text = "".join(part if isinstance(part, str) else "{}" for part in segment.parts)
    return (1, -len(text), text)


def offered_verbs(verbs: Iterable[str]) -> list[str]:
    """The verbs in upper case, and those that come with them: HEAD along with GET, OPTIONS with any."""
    found = [verb.upper() for verb in verbs]
    if "GET" in found and "HEAD" not in found:
        found.insert(found.index("GET") + 1, "HEAD")
    if found and "OPTIONS" not in found:
        found.append("OPTIONS")
    return found


class _Table:
    """What both routers share: the list of routes, its order, and what happens at a trailing slash."""

    def __init__(self, *, strict: Strict = False) -> None:
        self._strict = bool(strict)
        self._routes: dict[tuple[str, str], AnyRoute] = {}

    def __copy__(self) -> "_Table":
        """Another one with the same routes, which may get others."""
        other = type(self)(strict=self._strict)
        for route in self._routes.values():
            other.add(route)
        return other

    def add(self, route: AnyRoute) -> None:
        """Know this route from now on.

        Raises:
            DuplicateRouteError: Another one has the same verb and template.
        """
        known = self._routes.setdefault((route.template.shape, route.verb), route)
        if known is not route:
            raise DuplicateRouteError(route.verb, route.path, known.description, route.description)
        self._enter(route)

    def _enter(self, route: AnyRoute) -> None:
        """Have it where `find` looks."""
        raise NotImplementedError

    def list(self) -> list[AnyRoute]:
        """All routes, most specific template first, then by verb."""
        first: dict[str, int] = {}
        for position, (shape, _) in enumerate(self._routes):
            first.setdefault(shape, position)

        def key(entry: tuple[tuple[str, str], AnyRoute]) -> Any:
            (shape, verb), route = entry
            return specificity(route.template), first[shape], VERB_ORDER.index(verb)

        return [route for _, route in sorted(self._routes.items(), key=key)]

    def _spellings(self, path: str) -> Iterator[str]:
        yield path
        if not self._strict and path != "/":
            yield path[:-1] if path.endswith("/") else f"{path}/"


class _Node:
    """A place in the trie: what may follow, and what ends here."""

    __slots__ = ("ends", "literals", "patterns", "rest", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.patterns: list[tuple[tuple[Any, ...], re.Pattern[str], _Node]] = []
        self.variable: _Node | None = None
        self.rest: dict[str, AnyRoute] = {}
        self.ends: dict[str, AnyRoute] = {}

    def child(self, segment: Segment) -> "_Node":
        """The node behind a segment, made if it is new."""
        literal = segment.literal
        if literal is not None:
            return self.literals.setdefault(literal, _Node())
        if len(segment.parts) == 1:
            if self.variable is None:
                self.variable = _Node()
            return self.variable
        rank = _rank(segment)
        for known, _, node in self.patterns:
            if known == rank:
                return node
        node = _Node()
        self.patterns.append((rank, re.compile(segment.pattern, re.DOTALL), node))
        self.patterns.sort(key=lambda entry: entry[0])
        return node


class TrieRouter(_Table):
    """Finds a route in the number of segments of the path, not in the number of routes.

    Args:
        strict: Whether ``/orders`` and ``/orders/`` are two paths.
    """

    def __init__(self, *, strict: Strict = False) -> None:
        super().__init__(strict=strict)
        self._root = _Node()
        self._static: dict[str, dict[str, RouteMatch]] = {}

    def _enter(self, route: AnyRoute) -> None:
        node = self._root
        segments = route.template.segments
        for segment in segments:
            if segment.rest:
                node.rest[route.verb] = route
                return
            node = node.child(segment)
        node.ends[route.verb] = route
        if route.template.is_static:
            path = "/" + "/".join(segment.literal or "" for segment in segments)
            self._static.setdefault(route.verb, {})[path] = RouteMatch(route, ())

    def find(self, verb: str, path: str) -> RouteMatch | None:
        """The route of a verb (any case) for an undecoded path, with the values of its variables."""
        verb = verb.lower()
        static = self._static.get(verb)
        if static is not None:
            found = static.get(path)
            if found is not None:
                return found
        if _IS_CANONICAL(path) is None:
            path = "/" + "/".join(map(canonical_segment, path[1:].split("/")))
        return self._straight(verb, path) or self._search(verb, path)

    def _straight(self, verb: str, path: str) -> RouteMatch | None:
        """The way down while no segment leaves a choice, so that there is nothing to come back to."""
        node = self._root
        values = []
        for segment in path[1:].split("/"):
            follower = node.literals.get(segment)
            if follower is None:
                follower = node.variable
                if follower is None or not segment or node.patterns:
                    break
                values.append(segment)
            elif node.variable is not None or node.patterns or node.rest:
                break
            node = follower
        else:
            route = node.ends.get(verb)
            if route is not None:
                return RouteMatch(route, tuple(values))
        return None

    def _search(self, verb: str, path: str) -> RouteMatch | None:
        """The whole search: every branch, in order, and the other spelling of the end."""
        for spelling in self._spellings(path):
            values: list[str] = []
            route = self._walk(self._root, spelling[1:].split("/"), 0, verb, values)
            if route is not None:
                return RouteMatch(route, tuple(values))
        return None

    def _walk(  # a place in the trie, one in the path, what is looked for, what is gathered
        self, node: _Node, segments: list[str], position: int, verb: str, values: list[str]
    ) -> AnyRoute | None:
        if position == len(segments):
            return node.ends.get(verb)
        segment = segments[position]
        follower = node.literals.get(segment)
        if follower is not None:
            found = self._walk(follower, segments, position + 1, verb, values)
            if found is not None:
                return found
        if segment and (node.patterns or node.variable is not None):
            found = self._walk_variables(node, segments, position, verb, values)
            if found is not None:
                return found
        if node.rest and verb in node.rest:
            remaining = "/".join(segments[position:])
            if remaining:
                values.append(remaining)
                return node.rest[verb]
        return None

    def _walk_variables(
        self, node: _Node, segments: list[str], position: int, verb: str, values: list[str]
    ) -> AnyRoute | None:
        known = len(values)
        for _, pattern, follower in node.patterns:
            match = pattern.fullmatch(segments[position])
            if match is not None:
                values.extend(match.groups())
                found = self._walk(follower, segments, position + 1, verb, values)
                if found is not None:
                    return found
                del values[known:]
        if node.variable is not None:
            values.append(segments[position])
            found = self._walk(node.variable, segments, position + 1, verb, values)
            if found is not None:
                return found
            del values[known:]
        return None


class RegexRouter(_Table):
    """Tries patterns one after another, most specific first. The same results as the trie's, easier to look into.

    Args:
        strict: Whether ``/orders`` and ``/orders/`` are two paths.
    """

    def __init__(self, *, strict: Strict = False) -> None:
        super().__init__(strict=strict)
        self._patterns: dict[str, list[tuple[Any, re.Pattern[str], AnyRoute]]] = {}

    def _enter(self, route: AnyRoute) -> None:
        pattern = re.compile("".join(f"/{segment.pattern}" for segment in route.template.segments), re.DOTALL)
        patterns = self._patterns.setdefault(route.verb, [])
        patterns.append((specificity(route.template), pattern, route))
        patterns.sort(key=lambda entry: entry[0])

    def find(self, verb: str, path: str) -> RouteMatch | None:
        """The route of a verb (any case) for an undecoded path, with the values of its variables."""
        patterns = self._patterns.get(verb.lower(), ())
        for spelling in self._spellings(path):
            text = "/" + "/".join(canonical_segment(segment) for segment in spelling[1:].split("/"))
            for _, pattern, route in patterns:
                match = pattern.fullmatch(text)
                if match is not None:
                    return RouteMatch(route, match.groups())
        return None
