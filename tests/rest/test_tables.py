"""The table of plain paths: what it finds is what the router finds, whatever is registered."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.rest import Route
from mainspring.rest.routers import TrieRouter
from mainspring.rest.routes import RouteMatch
from mainspring.rest.tables import RouteTable

segments = st.sampled_from(["a", "b", "{x}", "{x}", "{x}.json", "c%20d"])
templates = st.lists(segments, min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(part.replace("x", f"x{place}") for place, part in enumerate(parts))
)
ends = st.sampled_from(["", "", "", "", "/", "/{rest:path}"])
routes = st.tuples(st.sampled_from(["get", "post"]), st.builds("{}{}".format, templates, ends))
pieces = st.sampled_from(["a", "b", "z", "", "c%20d", "%61", "q.json", "é", "{", "c d"])
paths = st.lists(pieces, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))


def handler() -> None:
    """Handles nothing."""


def found_in(table: RouteTable, verb: str, path: str) -> RouteMatch | None:
    """What the lane makes of a table."""
    raw = path.encode("latin-1")
    route: Any = table.paths.get(verb, {}).get(raw)
    if route is not None:
        return RouteMatch(route, ())
    found = table.find(verb, raw)
    return RouteMatch(found[0], tuple(found[1])) if found is not None else None


@settings(max_examples=400, deadline=None)
@given(registered=st.lists(routes, max_size=12), asked=st.lists(paths, min_size=1, max_size=8))
def test_the_table_finds_what_the_router_finds(registered: list[tuple[str, str]], asked: list[str]) -> None:
    """REST-041, REST-042, REST-043, REST-044, REST-045, REST-046, REST-047, REST-048"""
    made: dict[tuple[str, str], Route] = {}
    for verb, path in registered:
        route = Route(verb, path, None, handler)
        made.setdefault((verb, route.template.shape), route)
    router = TrieRouter()
    for route in made.values():
        router.add(route)
    table = RouteTable(made.values())
    for path in asked:
        for verb in ("GET", "POST"):
            found = found_in(table, verb, path)
            expected = router.find(verb, path)
            if found is not None:
                assert expected is not None, (verb, path)
                assert (found.route, found.values) == (expected.route, expected.values), (verb, path)


def test_usual_paths_are_found() -> None:
    """REST-061: without the router."""
    ways = ["/a", "/a/{x}", "/a/{x}/b", "/{x}/{y}", "/a/{x}/b/{y}", "/a/b"]
    made = {path: Route("get", path, None, handler) for path in ways}
    table = RouteTable(made.values())
    for asked, path, values in (
        ("/a", "/a", ()),
        ("/a/1", "/a/{x}", ("1",)),
        ("/a/b", "/a/b", ()),
        ("/a/1/b", "/a/{x}/b", ("1",)),
        ("/z/1", "/{x}/{y}", ("z", "1")),
        ("/a/1/b/2", "/a/{x}/b/{y}", ("1", "2")),
    ):
        found = found_in(table, "GET", asked)
        assert found is not None
        assert (found.route, found.values) == (made[path], values)
    assert found_in(table, "GET", "/a/") is None
    assert found_in(table, "DELETE", "/a") is None
