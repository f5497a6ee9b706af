"""Request contexts leave nothing behind in the contexts above, closed or only dropped."""

import gc
from collections.abc import Callable

import pytest

from mainspring.context import BindingScope, Context, ContextView, filter_by_tag

CONTEXTS = 100_000


class Service:
    """Something made per request."""


@pytest.fixture
def server() -> Context:
    app = Context("app", scope=BindingScope.APPLICATION)
    app.bind("service").to_class(Service).in_scope(BindingScope.REQUEST).tag("service")
    app.bind("shared").to_class(Service).in_scope(BindingScope.SINGLETON)
    app.on("bind", lambda event: None)
    app.subscribe(lambda event_type, binding, context: None)
    server = Context(app, "server", scope=BindingScope.SERVER)
    server.create_view(filter_by_tag("service"))
    return server


def use(request: Context) -> None:
    request.bind("user").to("somebody")
    assert request.get_sync("service") is request.get_sync("service")
    assert request.get_sync("shared") is not None
    assert request.get_sync("user") == "somebody"
    assert request.find_by_tag("service")


def close(request: Context) -> None:
    request.close_sync()


def drop(request: Context) -> None:
    """Leave it to be collected."""


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


@pytest.mark.parametrize("end", [close, drop])
def test_contexts_of_requests_leave_nothing_behind(server: Context, end: Callable[[Context], None]) -> None:
    """CTX-240, CTX-443, CTX-625, CTX-627"""
    for _ in range(100):  # what is made once (plans, shapes, indexes) is made now
        request = Context(server, scope=BindingScope.REQUEST)
        use(request)
        end(request)
    del request
    before = objects()
    for _ in range(CONTEXTS):
        request = Context(server, scope=BindingScope.REQUEST)
        use(request)
        end(request)
    del request
    assert objects() - before < 50


@pytest.mark.parametrize("end", [close, drop])
def test_contexts_that_watched_leave_nothing_behind(server: Context, end: Callable[[Context], None]) -> None:
    """CTX-443, CTX-444, CTX-513"""
    views: list[ContextView[object]] = []

    def watch(request: Context) -> None:
        request.on("bind", lambda event: None)
        views[:] = [request.create_view(filter_by_tag("service"))]

    for _ in range(10):
        request = Context(server, scope=BindingScope.REQUEST)
        watch(request)
        end(request)
    views.clear()
    del request
    server.bind("event").to(1)  # an event drops what is left of those that are gone
    before = objects()
    for _ in range(CONTEXTS // 50):
        request = Context(server, scope=BindingScope.REQUEST)
        watch(request)
        end(request)
    views.clear()
    del request
    gc.collect()
    server.bind("event").to(2)
    assert objects() - before < 50


def test_keys_made_per_request_do_not_pile_up(server: Context) -> None:
    """CTX-627"""
    for number in range(2_000):
        request = Context(server, scope=BindingScope.REQUEST)
        request.bind(f"user.{number}").to(number)
        for _ in range(3):
            assert request.get_sync(f"user.{number}") == number
        request.close_sync()
    before = objects()
    for number in range(2_000, 6_000):
        request = Context(server, scope=BindingScope.REQUEST)
        request.bind(f"user.{number}").to(number)
        for _ in range(3):
            assert request.get_sync(f"user.{number}") == number
        request.close_sync()
    assert objects() - before < 5_000
