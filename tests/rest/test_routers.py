"""Both routers, rule by rule."""

from typing import Any

import pytest

from mainspring.errors import MainspringError
from mainspring.rest import RegexRouter, RestApplication, RestBindings, Route, TrieRouter
from mainspring.rest.errors import DuplicateRouteError


def handler() -> None: ...


def router_of(kind: Any, *templates: str, strict: bool = False) -> Any:
    router = kind(strict=strict)
    for template in templates:
        verb, _, path = template.partition(" ")
        router.add(Route(verb, path, None, handler))
    return router


def found(router: Any, verb: str, path: str) -> tuple[str, dict[str, str]] | None:
    match = router.find(verb, path)
    return None if match is None else (match.route.path, match.path_params)


@pytest.fixture(params=[TrieRouter, RegexRouter])
def kind(request: Any) -> Any:
    return request.param


def test_a_path_without_variables_beats_one_with_variables(kind: Any) -> None:
    """REST-041, REST-056"""
    for templates in (("get /greet/{name}", "get /greet/world"), ("get /greet/world", "get /greet/{name}")):
        router = router_of(kind, *templates)
        assert found(router, "GET", "/greet/world") == ("/greet/world", {})
        assert found(router, "GET", "/greet/you") == ("/greet/{name}", {"name": "you"})


def test_segments_are_compared_left_to_right(kind: Any) -> None:
    """REST-042, REST-056"""
    router = router_of(
        kind, "get /{rest:path}", "get /files/{id}", "get /files/{id}.json", "get /{kind}/{id}", "get /files/all"
    )
    assert found(router, "GET", "/files/all") == ("/files/all", {})
    assert found(router, "GET", "/files/7.json") == ("/files/{id}.json", {"id": "7"})
    assert found(router, "GET", "/files/7") == ("/files/{id}", {"id": "7"})
    assert found(router, "GET", "/other/7") == ("/{kind}/{id}", {"kind": "other", "id": "7"})
    assert found(router, "GET", "/a/b/c") == ("/{rest:path}", {"rest": "a/b/c"})


def test_the_router_goes_back_when_a_literal_branch_leads_nowhere(kind: Any) -> None:
    """REST-043, REST-056"""
    router = router_of(kind, "get /a/b/d", "get /a/{x}/c")
    assert found(router, "GET", "/a/b/c") == ("/a/{x}/c", {"x": "b"})
    assert found(router, "GET", "/a/b/d") == ("/a/b/d", {})


def test_the_verb_takes_part_in_the_match(kind: Any) -> None:
    """REST-044, REST-056"""
    router = router_of(kind, "get /users/me", "post /users/{id}")
    assert found(router, "POST", "/users/me") == ("/users/{id}", {"id": "me"})
    assert found(router, "GET", "/users/me") == ("/users/me", {})
    assert found(router, "GET", "/users/1") is None


def test_overlapping_templates_keep_their_own_names(kind: Any) -> None:
    """REST-045, REST-056"""
    router = router_of(kind, "get /users/{id}", "get /users/{user_id}/orders", "post /users/{key}")
    assert found(router, "GET", "/users/1") == ("/users/{id}", {"id": "1"})
    assert found(router, "GET", "/users/1/orders") == ("/users/{user_id}/orders", {"user_id": "1"})
    assert found(router, "POST", "/users/1") == ("/users/{key}", {"key": "1"})


def test_a_segment_may_hold_several_variables(kind: Any) -> None:
    """REST-046, REST-056"""
    router = router_of(kind, "get /profile/{user}.{format}")
    assert found(router, "GET", "/profile/a.b.json") == (
        "/profile/{user}.{format}",
        {"user": "a.b", "format": "json"},
    )
    assert found(router, "GET", "/profile/.json") is None
    assert found(router, "GET", "/profile/a.") is None
    assert found(router, "GET", "/profile/a/b.json") is None


def test_a_rest_variable_takes_slashes_and_at_least_one_character(kind: Any) -> None:
    """REST-047, REST-056"""
    router = router_of(kind, "get /files/{name:path}")
    assert found(router, "GET", "/files/a/b%20c") == ("/files/{name:path}", {"name": "a/b c"})
    assert found(router, "GET", "/files/a") == ("/files/{name:path}", {"name": "a"})
    assert found(router, "GET", "/files/") is None
    assert found(router, "GET", "/files") is None


def test_a_trailing_slash_reaches_whichever_exists(kind: Any) -> None:
    """REST-048, REST-056"""
    router = router_of(kind, "get /orders", "get /items/", "get /both", "get /both/", "get /x/{id}")
    assert found(router, "GET", "/orders/") == ("/orders", {})
    assert found(router, "GET", "/items") == ("/items/", {})
    assert found(router, "GET", "/both") == ("/both", {})
    assert found(router, "GET", "/both/") == ("/both/", {})
    assert found(router, "GET", "/x/1/") == ("/x/{id}", {"id": "1"})
    assert found(router, "GET", "/orders//") is None


def test_a_strict_router_knows_the_exact_form_only(kind: Any) -> None:
    """REST-049, REST-056"""
    router = router_of(kind, "get /orders", "get /items/", strict=True)
    assert found(router, "GET", "/orders") == ("/orders", {})
    assert found(router, "GET", "/orders/") is None
    assert found(router, "GET", "/items") is None
    assert found(router, "GET", "/items/") == ("/items/", {})


def test_paths_are_case_sensitive(kind: Any) -> None:
    """REST-051, REST-056"""
    router = router_of(kind, "get /Orders/{id}")
    assert found(router, "GET", "/orders/1") is None
    assert found(router, "GET", "/Orders/1") == ("/Orders/{id}", {"id": "1"})


def test_an_encoded_slash_does_not_split_a_segment(kind: Any) -> None:
    """REST-110, REST-056"""
    router = router_of(kind, "get /files/{name}", "get /files/{a}/{b}")
    assert found(router, "GET", "/files/a%2Fb") == ("/files/{name}", {"name": "a/b"})
    assert found(router, "GET", "/files/a%252Fb") == ("/files/{name}", {"name": "a%2Fb"})
    assert found(router, "GET", "/files/a%25/b") == ("/files/{a}/{b}", {"a": "a%", "b": "b"})


def test_equal_spellings_of_a_literal_are_one(kind: Any) -> None:
    """REST-041, REST-056"""
    router = router_of(kind, "get /grüße/{name}", "get /greet")
    assert found(router, "GET", "/gr%C3%BC%C3%9fe/x") == ("/grüße/{name}", {"name": "x"})
    assert found(router, "GET", "/gr%65et") == ("/greet", {})


@pytest.mark.parametrize(
    ("template", "part"),
    [
        ("/:id", ":id"),
        ("/{id}?", "{id}?"),
        ("/{id}*", "{id}*"),
        ("/{id}+", "{id}+"),
        (r"/{id}(\d+)", r"(\d+)"),
        ("/files/(.*)", "(.*)"),
        ("/{$x}", "{$x}"),
        ("/{%x}", "{%x}"),
        ("/{x", "{x"),
        ("/{a}/{a}", "{a}"),
    ],
)
def test_a_wrong_template_is_refused_where_it_is_written(template: str, part: str) -> None:
    """REST-052"""
    with pytest.raises(MainspringError) as caught:
        Route("get", template, None, handler)
    assert isinstance(caught.value, ValueError)
    assert template in str(caught.value)
    assert part in str(caught.value)
    if template == "/:id":
        assert "{id}" in str(caught.value)


def test_unusual_but_right_templates_are_fine(kind: Any) -> None:
    """REST-052, REST-056"""
    router = router_of(kind, "get /{_a}/{b}", "get /{a}@{b}")
    assert found(router, "GET", "/x/y") == ("/{_a}/{b}", {"_a": "x", "b": "y"})
    assert found(router, "GET", "/x@y") == ("/{a}@{b}", {"a": "x", "b": "y"})


def test_two_routes_of_one_verb_and_shape_are_refused(kind: Any) -> None:
    """REST-054, REST-056"""

    def other() -> None: ...

    router = router_of(kind, "get /users/{id}")
    with pytest.raises(DuplicateRouteError) as caught:
        router.add(Route("get", "/users/{name}", None, other))
    assert "handler" in str(caught.value)
    assert "other" in str(caught.value)


def test_the_list_is_ordered_by_template_and_verb(kind: Any) -> None:
    """REST-055, REST-056"""
    router = router_of(
        kind,
        "get /orders",
        "get /orders/{id}",
        "delete /orders/{id}",
        "patch /orders",
        "post /orders",
        "get /orders/{id}/exists",
        "put /orders/{id}",
        "get /orders/count",
        "head /orders",
        "options /orders",
    )
    assert [f"{route.verb} {route.path}" for route in router.list()] == [
        "get /orders/count",
        "get /orders/{id}/exists",
        "put /orders/{id}",
        "get /orders/{id}",
        "delete /orders/{id}",
        "post /orders",
        "patch /orders",
        "get /orders",
        "head /orders",
        "options /orders",
    ]


def test_a_match_unpacks_into_route_and_values(kind: Any) -> None:
    """MW-041"""
    router = router_of(kind, "get /users/{id}")
    route, values = router.find("get", "/users/a%20b")
    assert str(route) == "Route - get /users/{id} => handler"
    assert values == {"id": "a b"}


@pytest.mark.parametrize("way", ["class", "to_class", "instance"])
@pytest.mark.parametrize("strict", [False, True])
async def test_a_router_may_be_bound_in_any_way(web: Any, kind: Any, way: str, strict: bool) -> None:
    """REST-049, REST-056: and routes come and go as with any other."""
    app = RestApplication({"rest": {"router": {"strict": strict}}})
    binding = app.bind(RestBindings.ROUTER)
    if way == "to_class":
        binding.to_class(kind)
    else:
        binding.to(kind if way == "class" else kind(strict=strict))
    ask = web(app)
    route = app.route("get", "/a/{name}", None, lambda name: name)
    for _ in range(3):
        assert (await ask.get("/a/b")).text == "b"
    assert (await ask.get("/a/b/")).status == (404 if strict else 200)
    app.route("get", "/a/b", None, lambda: "literal")
    assert (await ask.get("/a/b")).text == "literal"
    app.rest_server.unbind(route.key)
    assert (await ask.get("/a/c")).status == 404
    assert (await ask.get("/a/b")).text == "literal"


def test_many_routes_are_found_as_fast_as_few() -> None:
    """REST-061"""
    router = TrieRouter()
    for number in range(2000):
        router.add(Route("get", f"/static/part{number}/end", None, handler))
    for number in range(500):
        router.add(Route("get", f"/variable{number}/{{id}}/more/{{name}}", None, handler))
    steps = 0
    walk = TrieRouter._walk

    def counted(self: Any, *args: Any) -> Any:
        nonlocal steps
        steps += 1
        return walk(self, *args)

    TrieRouter._walk = counted  # type: ignore[method-assign]
    try:
        assert found(router, "GET", "/variable499/7/more/x") == (
            "/variable499/{id}/more/{name}",
            {"id": "7", "name": "x"},
        )
        assert found(router, "GET", "/variable499/7/less/x") is None
    finally:
        TrieRouter._walk = walk  # type: ignore[method-assign]
    assert steps <= 10
