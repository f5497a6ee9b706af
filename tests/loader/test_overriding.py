"""Classes that stand in the place of others."""

from typing import Any

import pytest

from mainspring import rest
from mainspring.core import BindingScope
from mainspring.loader import (
    GlobalErrorHandler,
    RequestContext,
    ServerLoader,
    controller,
    harness,
    middleware,
    override,
    use_before,
)

OFF: dict[str, Any] = {"mount": {}, "scan": []}


class Mailer:
    made = 0

    def __init__(self) -> None:
        type(self).made += 1

    def send(self) -> str:
        return "sent"


@override(Mailer)
class FakeMailer(Mailer):
    made = 0

    def send(self) -> str:
        return "noted"


@override(Mailer)
class Unrelated:
    def send(self) -> str:
        return "unrelated"


@controller("/mail")
class Mail:
    def __init__(self, mailer: Mailer) -> None:
        self.mailer = mailer

    @rest.get("/")
    def send(self) -> str:
        return self.mailer.send()


@pytest.mark.parametrize("classes", [[Mailer, FakeMailer], [FakeMailer, Mailer], [FakeMailer]])
async def test_a_class_stands_in_for_another_one_wherever_that_is_asked_for(classes: list[type[Any]]) -> None:
    """LOAD-164: whatever is registered first; made once."""
    Mailer.made = FakeMailer.made = 0

    class Server(ServerLoader):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.add_components(classes)

    async with harness(Server, {"mount": [Mail], "scan": []}) as server:
        assert (await server.request("GET", "/mail")).text == "noted"
        assert await server.get(Mailer) is await server.get(FakeMailer)
    assert (Mailer.made, FakeMailer.made) == (0, 1)


async def test_the_class_that_stands_in_need_not_be_a_subclass() -> None:
    """LOAD-164: it is what everybody gets."""

    class Server(ServerLoader):
        def before_init(self) -> None:
            self.add_components([Mailer, Unrelated])

    async with harness(Server, {"mount": [Mail], "scan": []}) as server:
        assert (await server.request("GET", "/mail")).text == "unrelated"


@middleware
class Guard:
    def use(self, ctx: RequestContext) -> str:
        return "guarded"


@override(Guard)
@middleware
class Open(Guard):
    def use(self, ctx: RequestContext) -> str:
        return "open"


async def test_middlewares_are_overridden_too() -> None:
    """LOAD-164: where the original one is used."""

    class Server(ServerLoader):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.add_components(Open)

        def after_routes_init(self) -> None:
            self.use(Guard)

    async with harness(Server, OFF) as server:
        assert (await server.request("GET", "/anything")).text == "open"


@override(Guard)
class Asking:
    async def use(self, mailer: Mailer, next: Any) -> str:
        return f"{mailer.send()} {await next()}"


@controller("/guarded")
class Guarded:
    @rest.get("/")
    @use_before(Guard)
    def index(self) -> str:
        return "x"


@pytest.mark.parametrize("hook", ["on_init", "on_ready"])
async def test_what_overrides_a_middleware_takes_what_it_wants(hook: str) -> None:
    """LOAD-100, LOAD-102, LOAD-164: its own parameters, ``next`` among them, not those of the original one."""
    added = {hook: lambda self: self.add_components([Mailer, Asking])}
    async with harness(type("Server", (ServerLoader,), added), {"mount": [Guarded], "scan": []}) as server:
        assert (await server.request("GET", "/guarded")).text == "sent x"


async def test_a_middleware_is_replaced_by_binding_its_key_again() -> None:
    """LOAD-118, CORE-035: for requests that begin later."""
    async with harness(ServerLoader, {"mount": [Guarded], "scan": []}) as server:
        server.service(Mailer)
        assert (await server.request("GET", "/guarded")).text == "x"
        for cls, text in ((Asking, "sent x"), (Open, "x"), (Asking, "sent x"), (Guard, "x")):
            server.bind("middlewares.Guard").to_class(cls).in_scope(BindingScope.SINGLETON)
            assert (await server.request("GET", "/guarded")).text == text


@pytest.mark.parametrize("hook", ["before_init", "after_routes_init", "on_ready"])
async def test_the_error_handler_is_overridden_too(hook: str) -> None:
    """LOAD-132, LOAD-164: nobody has to name it elsewhere; it is made by the container, and the last one counts."""

    @override(GlobalErrorHandler)
    class Worded(GlobalErrorHandler):
        def __init__(self, mailer: Mailer) -> None:
            self.mailer = mailer

        async def handle(self, error: Exception, ctx: RequestContext) -> Any:
            return {"words": self.mailer.send()}

    class Other(GlobalErrorHandler):
        def handle(self, error: Exception, ctx: RequestContext) -> Any:
            return {"words": "other"}

    added = {hook: lambda self: self.add_components([Mailer, Worded])}
    async with harness(type("Server", (ServerLoader,), added), OFF) as server:
        answer = await server.request("GET", "/none")
        assert (answer.status, answer.json()) == (404, {"words": "sent"})
        server.set("error_handler", Other)
        assert (await server.request("GET", "/none")).json() == {"words": "other"}


def test_only_classes_override_classes() -> None:
    """LOAD-164: anything else is refused at decoration."""
    with pytest.raises(TypeError, match="'Mailer'"):
        override("Mailer")  # type: ignore[arg-type]  # what is refused
    with pytest.raises(TypeError, match="decorates a class"):
        override(Mailer)(lambda: None)  # type: ignore[type-var]  # what is refused
