"""Routes and controllers come and go."""

import asyncio
from typing import Any

import pytest

from mainspring.context import Context
from mainspring.rest import (
    ControllerRoute,
    HttpErrors,
    RestApplication,
    RestBindings,
    Route,
    RouteMatch,
    TrieRouter,
    api,
    get,
    post,
)
from mainspring.rest.errors import DuplicateRouteError, RegistrationError


class Greeter:
    @get("/greet")
    def greet(self) -> str:
        return "hello"

    @post("/greet/{name}")
    def greet_one(self, name: str) -> str:
        return f"hello {name}"


async def test_a_decorated_method_is_served(web: Any) -> None:
    """REST-030, REST-035"""
    app = RestApplication()
    assert (await web(app).get("/greet")).status == 404
    app.controller(Greeter)
    answer = await web(app).get("/greet")
    assert (answer.status, answer.text) == (200, "hello")
    assert (await web(app).post("/greet/you")).text == "hello you"


@pytest.mark.parametrize("spec", [None, {}])
async def test_a_function_is_routed(web: Any, spec: Any) -> None:
    """REST-031"""
    app = RestApplication()
    binding = app.route("GET", "/greet", spec, lambda: "hi")
    assert binding.key == "routes.get %2Fgreet"
    assert (await web(app).get("/greet")).text == "hi"


async def test_route_without_handler_decorates(web: Any) -> None:
    """REST-031"""
    app = RestApplication()

    def plain(name: str) -> str:
        return f"hi {name}"

    assert app.route("get", "/greet")(plain) is plain
    assert (await web(app).get("/greet?name=a")).text == "hi a"


async def test_ready_routes_are_taken(web: Any) -> None:
    """REST-032, REST-033"""
    app = RestApplication()
    app.route(Route("get", "/a", None, lambda: "a"))
    app.route(ControllerRoute("get", "/b", {}, Greeter, "greet"))
    app.route("get", "/c", {}, Greeter, "greet")
    for path, text in (("/a", "a"), ("/b", "hello"), ("/c", "hello")):
        assert (await web(app).get(path)).text == text


def test_a_controller_route_needs_a_method_name() -> None:
    """REST-032"""
    with pytest.raises(RegistrationError) as caught:
        ControllerRoute("get", "/greet", {}, Greeter)
    for word in ("GET", "/greet", "Greeter"):
        assert word in str(caught.value)


class Sub(Greeter):
    def greet(self) -> str:
        return "sub"


@pytest.mark.parametrize("factory", ["controllers.special", lambda ctx: Sub(), Sub, Sub()])
async def test_a_factory_gives_the_controller(web: Any, factory: Any) -> None:
    """REST-033"""
    app = RestApplication()
    app.bind("controllers.special").to_class(Sub)
    app.route("get", "/x", {}, Greeter, factory, "greet")
    assert (await web(app).get("/x")).text == "sub"


def test_routes_are_bindings_in_the_order_of_declaration() -> None:
    """REST-034"""
    app = RestApplication()
    app.route("get", "/first.json", None, lambda: 1)
    app.controller(Greeter)
    app.route("get", "/last", None, lambda: 1)
    bindings = app.rest_server.find("routes.*")
    assert [binding.key for binding in bindings] == [
        "routes.get %2Ffirst%2Ejson",
        "routes.get %2Fgreet",
        "routes.post %2Fgreet%2F%7Bname%7D",
        "routes.get %2Flast",
    ]
    assert bindings[0].tag_map["rest_route_verb"] == "get"
    assert bindings[0].tag_map["rest_route_path"] == "/first.json"
    assert "controller_route" in bindings[1].tag_names
    assert "controller_route" not in bindings[0].tag_names


async def test_a_binding_tagged_as_controller_is_served(web: Any) -> None:
    """REST-030, REST-035"""
    app = RestApplication()
    await web(app).get("/greet")
    app.bind("controllers.Mine").to_class(Greeter).tag("controller")
    assert (await web(app).get("/greet")).text == "hello"
    assert next(b.key for b in app.rest_server.find("routes.*")) == "routes.get %2Fgreet"


async def test_unbinding_removes_operations(web: Any) -> None:
    """REST-036, OAS-027"""
    app = RestApplication()
    app.controller(Greeter)
    route = app.route("get", "/fn", None, lambda: "fn")
    assert set((await app.get_api_spec())["paths"]) == {"/greet", "/greet/{name}", "/fn"}
    app.unbind("controllers.Greeter")
    assert (await web(app).get("/greet")).status == 404
    assert (await web(app).get("/fn")).status == 200
    assert [b.key for b in app.rest_server.find("routes.*")] == [route.key]
    assert set((await app.get_api_spec())["paths"]) == {"/fn"}
    app.rest_server.unbind(route.key)
    assert (await web(app).get("/fn")).status == 404


async def test_a_request_in_flight_outlives_its_route(web: Any) -> None:
    """REST-036"""
    app = RestApplication()
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        entered.set()
        await go_on.wait()
        return "done"

    binding = app.route("get", "/slow", None, slow)
    request = asyncio.create_task(web(app).get("/slow"))
    await entered.wait()
    app.rest_server.unbind(binding.key)
    go_on.set()
    assert (await request).text == "done"
    assert (await web(app).get("/slow")).status == 404


async def test_rebinding_replaces_the_operations(web: Any) -> None:
    """REST-037"""

    class Other:
        @get("/greet")
        def greet(self) -> str:
            return "other"

        @get("/more")
        def more(self) -> str:
            return "more"

    app = RestApplication()
    app.controller(Greeter, "main")
    await web(app).get("/greet")
    app.controller(Other, "main")
    assert (await web(app).get("/greet")).text == "other"
    assert (await web(app).get("/more")).text == "more"
    assert (await web(app).post("/greet/a")).status == 404


async def test_a_document_is_served(web: Any) -> None:
    """REST-038, REST-039"""
    app = RestApplication()
    app.api(
        {
            "openapi": "3.1.0",
            "info": {"title": "Mine", "version": "2"},
            "paths": {
                "/fn": {"get": {"x-operation": lambda: "fn", "responses": {}}},
                "/c": {"get": {"x-controller-name": "Greeter", "x-operation-name": "greet", "responses": {}}},
                "/empty": {},
            },
        }
    )
    app.controller(Greeter)
    assert (await web(app).get("/fn")).text == "fn"
    assert (await web(app).get("/c")).text == "hello"


@pytest.mark.parametrize("spec", [{}, {"paths": {}}, {"paths": {"/x": {}}}])
async def test_an_empty_document_is_fine(web: Any, spec: Any) -> None:
    """REST-038"""
    app = RestApplication()
    app.api(spec)
    assert (await web(app).get("/x")).status == 404


async def test_an_operation_that_names_no_known_controller_fails_the_start(web: Any) -> None:
    """REST-039"""
    app = RestApplication({"rest": {"port": 0}})
    app.api({"paths": {"/c": {"get": {"x-controller-name": "Nobody", "x-operation-name": "greet"}}}})
    with pytest.raises(Exception, match="Nobody"):
        await app.start()
    assert (await web(app).get("/c")).status == 500


async def test_an_operation_without_handler_fails_the_start() -> None:
    """REST-039"""
    app = RestApplication({"rest": {"port": 0}})
    app.api({"paths": {"/c": {"get": {"responses": {}}}}})
    with pytest.raises(Exception, match=r"GET /c.*no handler"):
        await app.start()


async def test_components_of_a_document_are_usable_elsewhere(web: Any) -> None:
    """REST-040"""
    app = RestApplication()
    app.api(
        {
            "paths": {},
            "components": {
                "schemas": {
                    "Pet": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
                },
                "parameters": {"limit": {"name": "limit", "in": "query", "schema": {"type": "integer"}}},
            },
        }
    )
    spec = {
        "parameters": [{"$ref": "#/components/parameters/limit"}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
    }

    def create(limit, pet):  # type: ignore[no-untyped-def]  # the spec says the types
        return {"limit": limit, "pet": pet}

    app.route("post", "/pets", spec, create)
    assert (await web(app).post("/pets?limit=3", {"name": "a"})).json() == {"limit": 3, "pet": {"name": "a"}}
    refused = await web(app).post("/pets?limit=3", {})
    assert refused.status == 422
    assert refused.json()["errors"][0]["info"]["missingProperty"] == "name"
    assert (await web(app).post("/pets?limit=x", {"name": "a"})).status == 400
    assert "Pet" in (await app.get_api_spec())["components"]["schemas"]


@pytest.mark.parametrize("base", ["api", "/api", "api/", "//api//"])
async def test_a_base_path_is_joined_by_single_slashes(web: Any, base: str) -> None:
    """REST-007, REST-019, REST-050: however it is set"""
    configured, bound, called = RestApplication({"rest": {"base_path": base}}), RestApplication(), RestApplication()
    bound.bind(RestBindings.BASE_PATH).to(base)
    called.base_path(base)
    for app in (configured, bound, called):
        app.controller(Greeter)
        assert (await web(app).get("/api/greet")).text == "hello"
        assert (await web(app).get("/greet")).status == 404
        assert (await app.get_api_spec())["servers"] == [{"url": "/api"}]


async def test_paths_are_joined_by_single_slashes(web: Any) -> None:
    """REST-050"""

    @api(base_path="root/")
    class C:
        @get("/a/")
        def a(self) -> str:
            return "a"

        @get("")
        def nothing(self) -> str:
            return "nothing"

    app = RestApplication()
    app.controller(C)
    assert (await web(app).get("/root/a")).text == "a"
    assert (await web(app).get("/root")).text == "nothing"
    assert set((await app.get_api_spec())["paths"]) == {"/root/a", "/root"}


async def test_verbs_of_requests_are_upper_case(web: Any) -> None:
    """REST-051, HTTP-004"""
    app = RestApplication()
    app.controller(Greeter)
    assert (await web(app)("get", "/greet")).status == 501


async def test_a_variable_without_parameter_is_in_the_context(web: Any) -> None:
    """REST-053"""
    from mainspring.rest import RequestContext  # noqa: PLC0415 - used here only

    app = RestApplication()

    def show(ctx: RequestContext) -> dict[str, str]:
        return ctx.path_params

    app.route("get", "/users/{id}/{name}", None, show)
    assert (await web(app).get("/users/1/a%20b")).json() == {"id": "1", "name": "a b"}


def test_a_path_parameter_the_template_lacks_is_refused() -> None:
    """REST-053"""
    from typing import Annotated  # noqa: PLC0415 - used here only

    from mainspring.rest import param  # noqa: PLC0415 - used here only

    def show(x: Annotated[str, param.path("x")]) -> str:
        return x

    with pytest.raises(ValueError, match=r"GET /users/\{id\}.*'x'"):
        RestApplication().route("get", "/users/{id}", None, show)


def test_two_function_routes_of_one_shape_are_refused() -> None:
    """REST-054"""
    app = RestApplication()

    def one() -> None: ...
    def two() -> None: ...

    app.route("get", "/users/{id}", None, one)
    with pytest.raises(DuplicateRouteError, match=r"one.*two"):
        app.route("get", "/users/{name}", None, two)


async def test_a_controller_that_repeats_a_route_is_refused(web: Any) -> None:
    """REST-054"""

    class Other:
        @get("/greet")
        def hello(self) -> str:
            return "other"

    app = RestApplication()
    app.controller(Greeter)
    with pytest.raises(DuplicateRouteError, match=r"Greeter\.greet.*Other\.hello"):
        app.controller(Other)
    assert (await web(app).get("/greet")).text == "hello"


def test_two_methods_of_one_controller_do_not_replace_each_other() -> None:
    """REST-054"""

    class Twice:
        @get("/greet/{name}")
        def first(self, name: str) -> str:
            return name

        @get("/greet/{who}")
        def second(self, who: str) -> str:
            return who

    with pytest.raises(DuplicateRouteError, match=r"Twice\.first.*Twice\.second"):
        RestApplication().controller(Twice)


async def test_a_controller_bound_by_hand_that_repeats_a_route_fails_the_start() -> None:
    """REST-054"""

    class Other:
        @get("/greet")
        def hello(self) -> str:
            return "other"

    app = RestApplication({"rest": {"port": 0}})
    app.controller(Greeter)
    app.bind("controllers.Other").to_class(Other).tag("controller")
    with pytest.raises(DuplicateRouteError, match=r"Greeter\.greet.*Other\.hello"):
        await app.start()


async def test_a_controller_that_repeats_one_bound_by_hand_is_refused(web: Any) -> None:
    """REST-054: what came by other ways is looked at before it."""

    class Other:
        @get("/greet")
        def hello(self) -> str:
            return "other"

    app = RestApplication()
    app.bind("controllers.Other").to_class(Other).tag("controller")
    with pytest.raises(DuplicateRouteError, match=r"Other\.hello.*Greeter\.greet"):
        app.controller(Greeter)
    assert (await web(app).get("/greet")).text == "other"


def test_a_controller_that_repeats_a_route_bound_by_hand_is_refused() -> None:
    """REST-054"""
    app = RestApplication()
    app.route("get", "/other", None, lambda: None)
    app.rest_server.bind("routes.mine").to(Route("get", "/greet", None, lambda: None))
    with pytest.raises(DuplicateRouteError, match=r"Greeter\.greet"):
        app.controller(Greeter)


def test_the_place_of_a_route_is_free_again() -> None:
    """REST-036, REST-054"""
    app = RestApplication()
    binding = app.route("get", "/greet", None, lambda: None)
    app.rest_server.unbind(binding.key)
    app.controller(Greeter)
    app.unbind("controllers.Greeter")
    app.route("get", "/greet", None, lambda: None)
    with pytest.raises(DuplicateRouteError):
        app.controller(Greeter)


def test_a_controller_hidden_by_one_of_the_server_is_not_served() -> None:
    """REST-054: only what the server sees counts."""

    class Other:
        @get("/greet")
        def hello(self) -> str:
            return "other"

    app = RestApplication()
    app.rest_server.controller(Other, "Greeter")
    app.controller(Greeter)
    assert [route.operation_name for route in app.rest_server.registry.routes()] == ["Other.hello"]
    app.rest_server.unbind("controllers.Greeter")
    assert len(app.rest_server.find("routes.*")) == 2


def test_registering_looks_at_what_is_new_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """REST-054: the cost of a controller does not grow with the number of those before it."""
    app = RestApplication()
    app.controller(Greeter)
    looks: list[object] = []
    find = Context.find
    monkeypatch.setattr(Context, "find", lambda *args: looks.append(args) or find(*args))
    for number in range(5):
        app.controller(type(f"C{number}", (), {"show": get(f"/{number}")(lambda self: self)}))
    assert looks == []


async def test_an_unknown_path_is_named(web: Any) -> None:
    """REST-057"""
    answer = await web(RestApplication()).get("/the/path?x=1")
    assert answer.status == 404
    assert answer.json()["detail"] == 'Endpoint "GET /the/path" not found.'


async def test_concurrent_requests_see_their_own_variables(web: Any) -> None:
    """REST-058"""
    app = RestApplication()
    from mainspring.rest import RequestContext  # noqa: PLC0415 - used here only

    async def show(id: int, ctx: RequestContext) -> dict[str, Any]:
        ctx.response.headers["X-Id"] = str(id)
        await asyncio.sleep(0.001 * (id % 3))
        return {"id": id, "params": ctx.path_params, "current": RequestContext.current().path_params}

    app.route("get", "/x/{id}", None, show)
    answers = await asyncio.gather(*(web(app).get(f"/x/{number}") for number in range(40)))
    for number, answer in enumerate(answers):
        assert answer.json() == {"id": number, "params": {"id": str(number)}, "current": {"id": str(number)}}
        assert answer.headers["x-id"] == str(number)


def test_routes_say_what_they_are() -> None:
    """REST-059"""

    def greet() -> None: ...

    assert str(Route("get", "/greet", None, greet)) == "Route - get /greet => greet"
    assert (
        str(ControllerRoute("GET", "/greet", {}, Greeter, "greet")) == "ControllerRoute - get /greet => Greeter.greet"
    )


async def test_the_same_names_under_different_base_paths(web: Any) -> None:
    """REST-060"""

    def version(number: int) -> Any:
        @api(base_path=f"/v{number}")
        class Todos:
            @get("/todos")
            def find(self) -> int:
                return number

        return Todos

    app = RestApplication()
    app.controller(version(1), "v1")
    app.controller(version(2), "v2")
    assert (await web(app).get("/v1/todos")).json() == 1
    assert (await web(app).get("/v2/todos")).json() == 2


async def test_a_router_and_a_route_work_without_a_server() -> None:
    """MW-041"""
    from mainspring.rest import Application  # noqa: PLC0415 - used here only

    app = Application()
    app.bind("name").to("world")

    class Mine:
        async def greet(self, who: str) -> str:
            return f"hello {who}"

    router = TrieRouter()
    router.add(ControllerRoute("get", "/greet/{who}", {}, Mine, "greet"))
    match: RouteMatch | None = router.find("GET", "/greet/you")
    assert match is not None
    assert match.path_params == {"who": "you"}
    assert await match.route.invoke(app, match.path_params.values()) == "hello you"


async def test_a_missing_method_is_404(web: Any) -> None:
    """REST-068"""
    app = RestApplication()
    app.route("get", "/x", {}, Greeter, "nothing")
    answer = await web(app).get("/x")
    assert answer.status == 404
    for word in ("GET", "/x", "Greeter", "nothing"):
        assert word in answer.json()["detail"]


async def test_a_handler_may_raise_any_error_of_the_family(web: Any) -> None:
    """ERR-006"""
    app = RestApplication()

    def fail() -> None:
        raise HttpErrors.BadRequest("Bad hello")

    app.route("get", "/x", None, fail)
    answer = await web(app).get("/x")
    assert (answer.status, answer.json()["detail"]) == (400, "Bad hello")
