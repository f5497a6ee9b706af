"""A table of routes for paths that are spelt plainly, which nearly all are: one look, or one per form of template.

It gives what the trie of `routers` would give, or nothing: then the trie has to look. So it leaves out whatever takes
more than looking up, and knows neither other spellings of a path nor what happens at a trailing slash.
"""

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from mainspring.http import PathTemplate
from mainspring.rest.routes import AnyRoute, RouteMatch

__all__ = ["RouteTable"]

#: What a path may have in it to be in its canonical spelling as it is (see ``canonical_segment``).
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/"

Form = tuple[Callable[[list[str]], Any], dict[Any, AnyRoute], int, Callable[[list[str]], tuple[str, ...]] | None]
"""Gets a path's literal segments, the routes by these, the place of the first variable, gets all if there are more."""


class RouteTable:
    """The routes of a server, by verb and path as they are on the wire.

    Args:
        routes: The routes; no two with the same verb and shape.
    """

    def __init__(self, routes: Iterable[AnyRoute]) -> None:
        self._paths: dict[str, dict[bytes, RouteMatch]] = {}
        self._forms: dict[str, dict[int, list[Form]]] = {}
        by_verb: dict[str, list[AnyRoute]] = {}
        for route in routes:
            by_verb.setdefault(route.verb.upper(), []).append(route)
        for verb, own in by_verb.items():
            self._add(verb, own)

    def _add(self, verb: str, routes: list[AnyRoute]) -> None:
        self._paths[verb] = {
            _static_path(route.template): RouteMatch(route, ()) for route in routes if route.template.is_static
        }
        lengths: dict[int, list[AnyRoute]] = {}
        for route in routes:
            if not route.template.is_static:
                lengths.setdefault(len(route.template.segments), []).append(route)
        # What is no whole segment, or more than one, is the trie's, and with it all paths that it might concern.
        odd = {length for length, own in lengths.items() if any(map(_has_patterns, own))}
        rests = [length for length, own in lengths.items() if any(route.template.segments[-1].rest for route in own)]
        for length, own in lengths.items():
            if length not in odd and all(length < rest for rest in rests):
                self._forms.setdefault(verb, {})[length + 1] = _forms(own)

    def find(self, method: str, raw: bytes, path: str) -> RouteMatch | None:
        """The route of a verb, in upper case, for an undecoded path; ``None`` if a router has to look.

        Args:
            method: The verb.
            raw: The path,
            path: and the same as text.
        """
        paths = self._paths.get(method)
        if paths is None:
            return None
        found = paths.get(raw)
        if found is not None:
            return found
        forms = self._forms.get(method)
        if forms is None or raw.translate(None, _PLAIN):
            return None
        segments = path.split("/")
        for literals, routes, place, variables in forms.get(len(segments), ()):
            route = routes.get(literals(segments))
            if route is not None:
                values = (segments[place],) if variables is None else variables(segments)
                return RouteMatch(route, values) if "" not in values else None
        return None


def _static_path(template: PathTemplate) -> bytes:
    return ("/" + "/".join(segment.literal or "" for segment in template.segments)).encode("ascii")


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
    variables: Any = itemgetter(*places) if len(places) > 1 else None
    return literals, routes, places[0], variables


def _nothing(_: list[str]) -> tuple[()]:
    return ()
