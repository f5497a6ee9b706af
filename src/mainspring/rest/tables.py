"""A table of routes for paths that are spelt plainly, which nearly all are: one look, or one per form of template.

It gives what the trie of `routers` would give, or nothing: then the trie has to look. So it leaves out whatever takes
more than looking up, and knows neither other spellings of a path nor what happens at a trailing slash.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from mainspring.http import PathTemplate
from mainspring.rest.routes import AnyRoute

__all__ = ["RouteTable", "is_tail", "static_path"]

#: What a path may have in it to be in its canonical spelling as it is (see ``canonical_segment``).
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/"

Form = tuple[Callable[[list[str]], Any], dict[Any, AnyRoute], Callable[[list[str]], Any]]
"""Gets the literal segments of a path, the routes by these, gets the other segments."""


class RouteTable:
    """The routes of a server, by verb and path as they are on the wire.

    Args:
        routes: The routes; no two with the same verb and shape.

    Attributes:
        paths: By verb and undecoded path the routes that have no variables, which win over all others.
        exact: All these paths.
    """

    def __init__(self, routes: Iterable[AnyRoute]) -> None:
        self.paths: dict[str, dict[bytes, AnyRoute]] = {}
        self._tails: dict[str, dict[bytes, AnyRoute]] = {}
        self._forms: dict[str, dict[int, list[Form]]] = {}
        by_verb: dict[str, list[AnyRoute]] = {}
        for route in routes:
            by_verb.setdefault(route.verb.upper(), []).append(route)
        for verb, own in by_verb.items():
            self._add(verb, own)
        self.exact = frozenset(path for own in self.paths.values() for path in own)

    def _add(self, verb: str, routes: list[AnyRoute]) -> None:
        self.paths[verb] = {_static_path(route.template): route for route in routes if route.template.is_static}
        lengths: dict[int, list[AnyRoute]] = {}
        for route in routes:
            if not route.template.is_static:
                lengths.setdefault(len(route.template.segments), []).append(route)
        # What is no whole segment, or more than one, is the trie's, and with it all paths that it might concern.
        odd = {length for length, own in lengths.items() if any(map(_has_patterns, own))}
        rests = [length for length, own in lengths.items() if any(route.template.segments[-1].rest for route in own)]
        tails, forms = self._tails.setdefault(verb, {}), self._forms.setdefault(verb, {})
        for length, own in lengths.items():
            if length in odd or any(length >= rest for rest in rests):
                continue
            # One variable at the end: more specific than any other form, so it may be looked for first.
            tails |= {_static_path(route.template)[:-1]: route for route in own if is_tail(route.template)}
            forms[length + 1] = _forms([route for route in own if not is_tail(route.template)])

    def find(self, method: str, raw: bytes) -> tuple[AnyRoute, Sequence[str]] | None:
        """A route with variables for a verb, in upper case, and an undecoded path, and their values.

        ``None`` if a router has to look.
        """
        tails = self._tails.get(method)
        if tails is None or raw.translate(None, _PLAIN):
            return None
        first, _, last = raw.rpartition(b"/")
        route = tails.get(first)
        if route is not None:
            return (route, (last.decode("ascii"),)) if last else None
        return self._find_form(method, raw)

    def _find_form(self, method: str, raw: bytes) -> tuple[AnyRoute, Sequence[str]] | None:
        segments = raw.decode("ascii").split("/")
        for literals, routes, variables in self._forms[method].get(len(segments), ()):
            route = routes.get(literals(segments))
            if route is not None:
                values = variables(segments)
                return (route, values) if all(values) else None
        return None


def static_path(template: PathTemplate) -> str:
    """The path of a template without variables; of another one with nothing in their places."""
    return "/" + "/".join(segment.literal or "" for segment in template.segments)


def _static_path(template: PathTemplate) -> bytes:
    return static_path(template).encode("ascii")


def is_tail(template: PathTemplate) -> bool:
    """Whether all of a template is literal but its last segment, which is a variable."""
    return len(template.variables) == 1 and template.segments[-1].literal is None


def _has_patterns(route: AnyRoute) -> bool:
    return any(segment.literal is None and len(segment.parts) > 1 for segment in route.template.segments)


def _forms(routes: list[AnyRoute]) -> list[Form]:
    """The routes by the places of their literal segments, most specific form first: left to right, literals win."""
    forms: dict[tuple[bool, ...], dict[Any, AnyRoute]] = {}
    for route in routes:
        segments = route.template.segments
        texts = tuple(segment.literal for segment in segments if segment.literal is not None)
        form = tuple(segment.literal is None for segment in segments)
        forms.setdefault(form, {})[texts[0] if len(texts) == 1 else texts] = route
    return [_form(form, forms[form]) for form in sorted(forms)]


def _form(form: tuple[bool, ...], routes: dict[Any, AnyRoute]) -> Form:
    places = [place for place, is_variable in enumerate(form, 1) if is_variable]
    others = [place for place, is_variable in enumerate(form, 1) if not is_variable]
    literals: Callable[[list[str]], Any] = itemgetter(*others) if others else _nothing
    # Of a single one a list: a text would be its letters to `all`.
    variables: Any = itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
    return literals, routes, variables


def _nothing(_: list[str]) -> tuple[()]:
    return ()
