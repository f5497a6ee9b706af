"""An application under test, and anything overridden."""

import asyncio
import gc
from collections.abc import Iterator
from typing import Annotated

import pytest

from mainspring.boot import BootMixin
from mainspring.context import AmbiguousTypeError, Binding, Getter, KeyNotBoundError, inject
from mainspring.core import Application
from mainspring.rest import RequestContext, RestApplication
from mainspring.rest import get as get_route
from mainspring.testing import HarnessClosedError, harness


class Clock:
    def now(self) -> int:
        return 1


class Fixed(Clock):
    @staticmethod
    def made() -> "Fixed":
        return Fixed()

    def now(self) -> int:
        return 42


class Unrelated:
    """Has what a clock has, without being one."""

    def now(self) -> int:
        return 7


class Service:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Controller:
    def __init__(self, service: Service) -> None:
        self.service = service

    @get_route("/now")
    def now(self) -> int:
        return self.service.clock.now()


class App(RestApplication):
    def __init__(self, config: object = None) -> None:
        super().__init__(config)
        for cls in (Clock, Service):
            self.service(cls).in_scope("singleton")
        self.controller(Controller).in_scope("singleton")


async def now(t: object) -> object:
    return (await t.request("GET", "/now")).json()  # type: ignore[attr-defined]


async def test_a_class_runs_without_a_socket_and_is_stopped_at_the_end() -> None:
    async with harness(App) as t:
        assert t.app.state == "started"
        assert await now(t) == 1
        assert t.url is None
        assert not t.app.rest_server.listening
    assert t.app.state == "stopped"


async def test_over_the_network_it_takes_a_free_port() -> None:
    async with harness(App, network=True) as t:
        assert t.url is not None
        assert t.app.rest_server.port not in (0, 3000)
        assert (await t.client.get("/now")).json() == 1
        assert str(t.client.base_url).startswith(t.url)


async def test_the_client_in_process_answers_like_a_server() -> None:
    async with harness(App) as t:
        answer = await t.client.get("/nowhere")
        assert answer.status_code == 404
        assert t.client is t.client


@pytest.mark.parametrize("given", [Fixed, Fixed(), Unrelated(), Binding("x").to_dynamic_value(Fixed.made)])
async def test_overrides_hold_before_anything_is_made(given: object) -> None:
    async with harness(App, overrides={Clock: given}) as t:
        assert await now(t) == (7 if isinstance(given, Unrelated) else 42)


async def test_an_override_reaches_what_was_made_with_the_original_and_is_undone_exactly() -> None:
    async with harness(App) as t:
        before = [await t.app.get(key) for key in (Clock, Service, Controller)]
        bound = {binding.key: binding for binding in t.app.find()}
        assert await now(t) == 1
        with t.override({"services.Clock": Fixed()}):
            assert await now(t) == 42
            assert await t.app.get(Service) is not before[1]
        assert await now(t) == 1
        after = [await t.app.get(key) for key in (Clock, Service, Controller)]
        assert all(one is other for one, other in zip(before, after, strict=True))
        assert {binding.key: binding for binding in t.app.find()} == bound


async def test_what_was_first_made_inside_a_block_is_not_kept_after_it() -> None:
    async with harness(App) as t:
        with t.override({Clock: Fixed}):
            assert await now(t) == 42
            inside = await t.app.get(Service)
        assert await now(t) == 1
        assert await t.app.get(Service) is not inside


async def test_overrides_nest() -> None:
    async with harness(App) as t:
        with t.override({Clock: Fixed()}):
            middle = await t.app.get(Service)
            with t.override({Clock: Unrelated()}):
                assert await now(t) == 7
            assert await now(t) == 42
            with t.override({Clock: Unrelated()}):
                t.app.service(Clock).in_scope("singleton")
                assert await now(t) == 7
            assert await now(t) == 42
            with t.override({Service: Service(Clock())}):
                assert await now(t) == 1
            assert await t.app.get(Service) is middle
        assert await now(t) == 1


async def test_a_failing_block_is_undone_and_so_is_a_refused_one() -> None:
    async with harness(App) as t:
        with pytest.raises(RuntimeError, match="mine"), t.override({Clock: Fixed()}):
            raise RuntimeError("mine")
        assert await now(t) == 1
        t.app.bind("clocks.two").to_class(Fixed)
        t.app.bind("clocks.three").to_class(Fixed)
        with pytest.raises(AmbiguousTypeError), t.override({Service: Service(Unrelated()), Fixed: Fixed()}):  # type: ignore[arg-type]
            pytest.fail("not reached")
        assert await now(t) == 1


async def test_what_nobody_bound_is_bound_for_the_block() -> None:
    async with harness(App) as t:
        with t.override({"extra": 1, Unrelated: Unrelated}):
            assert t.app.get_sync("extra") == 1
            assert t.app.get_sync(Unrelated) is t.app.get_sync(Unrelated)
        with pytest.raises(KeyNotBoundError):
            t.app.get_sync("extra")
        assert not t.app.is_bound(Unrelated)


async def test_what_is_bound_inside_a_block_is_overridden_as_well_and_stays_afterwards() -> None:
    async with harness(App) as t:
        with t.override({"later": "other", Clock: Fixed()}):
            t.app.bind("later").to("own")
            newer = Binding("services.Clock").to_class(Clock).in_scope("singleton")
            t.app.add(newer)
            assert t.app.get_sync("later") == "other"
            assert await now(t) == 42
        assert t.app.get_sync("later") == "own"
        assert t.app.get_binding(Clock) is newer
        assert await now(t) == 1


async def test_a_class_that_is_bound_after_its_override_began_has_one_binding() -> None:
    """As all have that boot finds."""

    def late() -> RestApplication:
        app = RestApplication()

        async def bind() -> None:
            assert app.get_sync(Clock).now() == 42
            for cls in (Clock, Service):
                app.service(cls).in_scope("singleton")

        app.on_init(bind)
        return app

    async with harness(late, overrides={Clock: Fixed}) as t:
        assert (await t.app.get(Service)).clock.now() == 42
        assert [binding.key for binding in t.app.find() if binding.value_type is Fixed] == ["services.Clock"]
        with t.override({Unrelated: Unrelated}):
            t.app.service(Unrelated)
        assert t.app.get_binding(Unrelated).key == "services.Unrelated"


async def test_a_locked_binding_is_overridden_and_locked_again() -> None:
    async with harness(App) as t:
        binding = t.app.bind("fixed").to(1).lock()
        with t.override({"fixed": 2}):
            assert t.app.get_sync("fixed") == 2
        assert t.app.get_sync("fixed") == 1
        assert binding.is_locked
        assert t.app.get_binding("fixed") is binding


async def test_tags_and_scope_are_those_of_the_original() -> None:
    async with harness(App) as t:
        t.app.bind("plugins.one").to_class(Clock).tag("plugin").in_scope("singleton")
        with t.override({"plugins.one": Fixed}):
            assert [binding.key for binding in t.app.find_by_tag("plugin")] == ["plugins.one"]
            assert t.app.get_sync("plugins.one") is t.app.get_sync("plugins.one")


async def test_the_binding_of_the_server_that_requests_see_is_overridden_too() -> None:
    def answer(ctx: RequestContext) -> object:
        return ctx.get_sync("where")

    app = RestApplication()
    app.bind("where").to("app")
    app.rest_server.bind("where").to("server")
    app.route("get", "/where", None, answer)
    async with harness(app) as t:
        with t.override({"where": "test"}):
            assert (await t.request("GET", "/where")).text == "test"
        assert (await t.request("GET", "/where")).text == "server"


async def test_values_made_for_a_request_are_overridden() -> None:
    class User:
        name = "real"

    class Fake:
        name = "fake"

    def who(user: User) -> str:
        return user.name

    app = RestApplication()
    app.bind("user").to_class(User).in_scope("request")
    app.route("get", "/who", None, who)
    async with harness(app) as t:
        with t.override({User: Fake}):
            assert (await t.request("GET", "/who")).text == "fake"
        assert (await t.request("GET", "/who")).text == "real"


async def test_getters_ask_for_the_override_and_what_has_been_started_stays() -> None:
    class Started:
        starts = 0

        def __init__(self, clock: Clock, later: Annotated[Getter[Clock], inject.getter(Clock)]) -> None:
            self.clock, self.later = clock, later

        def start(self) -> None:
            Started.starts += 1

    class Started2App(App):
        def __init__(self) -> None:
            super().__init__()
            self.life_cycle_observer(Started, "started")

    async with harness(Started2App) as t:
        key = next(binding.key for binding in t.app.find() if binding.value_type is Started)
        observer = t.app.get_sync(key)
        with t.override({Clock: Fixed()}):
            assert t.app.get_sync(key) is observer
            assert (await observer.later()).now() == 42
    assert Started.starts == 1


async def test_clean_up_of_what_was_made_inside_runs_at_the_end() -> None:
    told: list[str] = []

    def opened() -> Iterator[str]:
        told.append("open")
        yield "inside"
        told.append("closed")

    app = Application()
    app.bind("resource").to("outside")
    async with harness(app) as t:
        with t.override({"resource": Binding("any").to_dynamic_value(opened).in_scope("singleton")}):
            assert await t.app.get("resource") == "inside"
        assert await t.app.get("resource") == "outside"
    assert told == ["open", "closed"]


async def test_an_application_is_used_again_and_again_and_has_its_own_bindings_afterwards() -> None:
    app = App()
    bound = set(app.find())
    for value in (Fixed(), Unrelated()):
        async with harness(app, overrides={Clock: value}) as t:
            assert await now(t) == value.now()
    async with harness(app) as t:
        assert await now(t) == 1
    assert bound <= set(app.find())


async def test_a_start_that_fails_leaves_nothing_overridden() -> None:
    class Broken:
        def start(self) -> None:
            raise RuntimeError("mine")

    app = App()
    app.life_cycle_observer(Broken)
    with pytest.raises(RuntimeError, match="mine"):
        async with harness(app, overrides={Clock: Fixed}):
            pytest.fail("not reached")
    assert app.state == "stopped"
    assert app.get_sync(Clock).now() == 1


async def test_outside_of_its_block_a_harness_says_so() -> None:
    kit = harness(App)
    with pytest.raises(HarnessClosedError, match="inside"):
        await kit.request("GET", "/now")
    async with kit as t:
        pass
    for use in (lambda: t.client, lambda: t.override({}).__enter__()):
        with pytest.raises(HarnessClosedError):
            use()


async def test_factories_and_bootable_applications(tmp_path: object) -> None:
    class Booted(BootMixin, App):
        pass

    async def make(config: object) -> Application:
        app = Booted(config)
        app.project_root = str(tmp_path)
        return app

    async with harness(make, {"name": "made"}) as t:
        assert t.app.name == "made"
        assert await now(t) == 1


def test_wrong_uses_are_refused() -> None:
    with pytest.raises(TypeError, match="its configuration already"):
        harness(App(), {})  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="an application, its class or a factory"):
        harness("app")  # type: ignore[call-overload]


async def test_a_binding_without_a_value_is_refused() -> None:
    async with harness(App) as t:
        with pytest.raises(ValueError, match="has no value"), t.override({Clock: Binding("empty")}):
            pytest.fail("not reached")
        assert await now(t) == 1


async def test_two_harnesses_at_once_do_not_notice_each_other() -> None:
    async with harness(App, overrides={Clock: Fixed}) as one, harness(App) as other:
        answers = await asyncio.gather(*(now(t) for t in (one, other, one, other)))
        assert answers == [42, 1, 42, 1]
    gc.collect()
