"""What answers become, and what the own client sees of errors."""

import asyncio
import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
import pytest
from tests.proxies.remotes import Remote, operation, reply

from mainspring import DataSource, Entity, RestApplication, field, model, rest
from mainspring.proxies import (
    ServiceAnswerError,
    ServiceConnectionError,
    ServiceResponseError,
    ServiceTimeoutError,
    get_service,
)
from mainspring.rest import HttpError, HttpErrors

Connect = Callable[..., DataSource]
GET = operation({"url": "/x"}, load=[])


@model(rename="camel")
class Person(Entity):
    id: int = field(id=True)
    full_name: str = field(required=True)


@dataclasses.dataclass
class Place:
    x: int
    y: int = 0


class Point(msgspec.Struct):
    x: int


def interface(returns: Any) -> Any:
    class Loading(Protocol):
        async def load(self) -> returns: ...

    return Loading


@pytest.mark.parametrize(
    ("returns", "sent", "value"),
    [
        (Person, {"id": 1, "fullName": "Ada"}, Person(id=1, full_name="Ada")),
        (list[Person], [{"id": 1, "fullName": "Ada"}], [Person(id=1, full_name="Ada")]),
        (Place, {"x": 1}, Place(1)),
        (dict[str, Point], {"a": {"x": 1, "new": 2}}, {"a": Point(1)}),
        (dict, {"a": [1]}, {"a": [1]}),
        (Any, {"a": [1]}, {"a": [1]}),
        (int, 5, 5),
        (Person | None, None, None),
        (None, {"a": 1}, None),
        (str, "text", "text"),
        (bytes, b"\x00\xff", b"\x00\xff"),
    ],
)
async def test_an_answer_is_of_the_annotated_type(
    connect: Connect, remote: Remote, returns: Any, sent: Any, value: Any
) -> None:
    """SVC-005"""
    remote.script = [reply(200, sent)]
    assert await (await get_service(interface(returns), connect(GET))).load() == value


async def test_no_content_is_none_and_text_is_text(connect: Connect, remote: Remote) -> None:
    """SVC-005"""
    remote.script = [reply(204), reply(200, "grüße".encode("latin-1"), {"content-type": "text/plain; charset=latin-1"})]
    assert await (await get_service(interface(Person), connect(GET))).load() is None
    assert await (await get_service(interface(str), connect(GET))).load() == "grüße"
    assert await connect(GET).as_service().load() == "grüße"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"id": "one"}, "/id must be an integer; the body must have the property 'fullName'"),
        (b'{"id": 1, "fullNa', "no JSON"),
        (b"<html>", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 5000, "no JSON"),
        (b"", "without a body"),
    ],
)
async def test_a_body_that_does_not_fit_is_told_with_its_path(
    connect: Connect, remote: Remote, body: Any, words: str
) -> None:
    """SVC-005"""
    remote.script = [reply(200, body)]
    with pytest.raises(ServiceAnswerError, match=words) as caught:
        await (await get_service(interface(Person), connect(GET))).load()
    assert (caught.value.status, caught.value.datasource, caught.value.response.status) == (502, "geo", 200)


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (400, HttpErrors.BadRequest),
        (404, HttpErrors.NotFound),
        (409, HttpErrors.Conflict),
        (503, HttpErrors.ServiceUnavailable),
    ],
)
async def test_an_error_has_the_meaning_of_its_status(
    connect: Connect, remote: Remote, status: int, family: type[HttpError]
) -> None:
    """SVC-006"""
    remote.script = [reply(status, {"why": "because"}, {"x-hint": "1"})]
    url = remote.url.replace("http://", "http://user:pa55@")
    with pytest.raises(family) as caught:
        await connect(GET, base_url=url).as_service().load()
    error = caught.value
    assert isinstance(error, ServiceResponseError)
    assert (error.status, error.response.status, error.response.body) == (status, status, {"why": "because"})
    assert (error.response.headers["X-Hint"], error.response.url) == ("1", f"{remote.url}/x")
    assert (error.method, error.datasource) == ("GET", "geo")
    assert "pa55" not in f"{error} {error!r} {error.response}"
    assert remote.asked[0].headers["authorization"] == "Basic dXNlcjpwYTU1"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.response.status) == (type(error), str(error), status)
    assert copy.copy(error).response == error.response


async def test_an_unregistered_status_is_an_error_too(connect: Connect, remote: Remote) -> None:
    """SVC-006"""
    remote.script = [reply(499), reply(799)]
    service = connect(GET).as_service()
    with pytest.raises(HttpError) as caught:
        await service.load()
    assert caught.value.status == 499
    with pytest.raises(ServiceAnswerError, match="answered 799"):
        await service.load()


async def test_a_redirection_is_not_followed_and_says_where_it_leads(connect: Connect, remote: Remote) -> None:
    remote.script = [reply(302, None, {"location": "http://other/x?key=1"})]
    with pytest.raises(ServiceAnswerError, match=r"302 and leads to http://other/x\?key=\*\*\*, which is not followed"):
        await connect(GET, hidden_query_keys=["key"]).as_service().load()


async def test_transforming_may_be_left_to_the_caller(connect: Connect, remote: Remote) -> None:
    """SVC-009"""
    remote.script = [reply(201, {"a": 1}, {"x-a": "b"})]
    found = await connect(GET, transform_response=False).as_service().load()
    assert (found.status, found.headers["x-a"], found.body) == (201, "b", {"a": 1})


@pytest.mark.parametrize(("upstream", "own"), [(404, 502), (422, 502), (500, 502), ("cut", 502), ("slow", 504)])
@pytest.mark.parametrize("style", ["problem", "loopback"])
async def test_uncaught_in_a_controller_it_is_the_error_of_a_gateway(
    connect: Connect, remote: Remote, upstream: Any, own: int, style: str
) -> None:
    """SVC-006"""

    async def cut(*_: Any) -> None: ...

    async def slow(*_: Any) -> bytes:
        await asyncio.sleep(5)
        return b""

    remote.script = [{"cut": cut, "slow": slow}.get(upstream) or reply(upstream, {"secret": "inner"})]
    source = connect(GET, timeout=0.2)

    class Front:
        @rest.get("/front")
        async def front(self) -> Any:
            return await source.as_service().load()

    app = RestApplication({"rest": {"port": 0, "error_format": style}})
    app.controller(Front)
    async with app:
        outer = DataSource(
            {"connector": "rest", "base_url": app.rest_server.url, "operations": [operation({"url": "/front"}, f=[])]}
        )
        async with outer:
            with pytest.raises(ServiceResponseError) as caught:
                await outer.as_service().f()
    assert caught.value.status == own
    assert "inner" not in str(caught.value.response.body)
    assert remote.url not in caught.value.response.content.decode()


async def test_failures_of_the_net_are_of_the_families_of_python_too(connect: Connect, remote: Remote) -> None:
    """SVC-007"""

    async def slow(*_: Any) -> bytes:
        await asyncio.sleep(5)
        return b""

    remote.script = [slow]
    with pytest.raises(TimeoutError) as late:
        await connect(GET, timeout=0.05).as_service().load()
    assert isinstance(late.value, ServiceTimeoutError)
    assert pickle.loads(pickle.dumps(late.value)).url == f"{remote.url}/x"
    with pytest.raises(ConnectionError) as refused:
        await connect(GET, base_url="http://127.0.0.1:1").as_service().load()
    assert isinstance(refused.value, ServiceConnectionError)
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)
