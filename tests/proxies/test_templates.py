"""Operations written as templates."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from tests.proxies.remotes import Remote, operation

from mainspring import DataSource
from mainspring.proxies import ServiceArgumentError
from mainspring.repository import DataSourceError

Connect = Callable[..., DataSource]


async def test_each_function_is_a_method(connect: Connect, remote: Remote) -> None:
    """SVC-002, SVC-010"""
    template = {
        "method": "POST",
        "url": "/people/{person_id}/notes",
        "headers": {"x-kind": "{kind=short}"},
        "body": "{note}",
    }
    service = connect(
        operation(template, add=["person_id", "note"], add_kind=["kind", "person_id", "note"])
    ).as_service()
    assert await service.add(7, {"text": "Hello"}) == {}
    assert await service.add_kind("long", note=[1], person_id="x") == {}
    first, second = remote.asked
    assert (first.method, first.target, first.headers["x-kind"]) == ("POST", "/people/7/notes", "short")
    assert (first.headers["content-type"], first.json()) == ("application/json", {"text": "Hello"})
    assert (second.target, second.headers["x-kind"], second.json()) == ("/people/x/notes", "long", [1])


async def test_headers_and_query_of_the_source_and_of_the_template_are_sent(connect: Connect, remote: Remote) -> None:
    """SVC-002"""
    template = {"url": "/find?sort=up&q={q}", "query": {"limit": "{n=10}", "deep": True}, "headers": {"X-A": "2"}}
    service = connect(operation(template, find=["q", "n"]), headers={"X-A": "1", "x-b": "all"}).as_service()
    await service.find("a b&c", n=None)
    assert remote.asked[0].target == "/find?sort=up&q=a%20b%26c&limit=10&deep=true"
    assert (remote.asked[0].headers["x-a"], remote.asked[0].headers["x-b"]) == ("2", "all")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("a/b", "/p/a%2Fb/x"),
        ("..", "/p/%2E%2E/x"),
        (".", "/p/%2E/x"),
        ("../../admin", "/p/..%2F..%2Fadmin/x"),
        ("ü?#%;", "/p/%C3%BC%3F%23%25%3B/x"),
        (7, "/p/7/x"),
        (True, "/p/true/x"),
        (UUID(int=1), "/p/00000000-0000-0000-0000-000000000001/x"),
        (datetime(2026, 1, 2, tzinfo=UTC), "/p/2026-01-02T00%3A00%3A00Z/x"),
        (Enum("Colour", {"RED": "red"}).RED, "/p/red/x"),  # type: ignore[attr-defined]  # made on the spot
    ],
)
async def test_a_path_value_never_leaves_its_segment(connect: Connect, remote: Remote, value: Any, path: str) -> None:
    """SVC-003"""
    await connect(operation({"url": "/p/{id}/x"}, one=["id"])).as_service().one(value)
    assert remote.asked[0].target == path


@pytest.mark.parametrize("value", ["", None])
async def test_an_empty_path_value_would_be_another_path(connect: Connect, remote: Remote, value: Any) -> None:
    """SVC-003, SVC-004"""
    service = connect(operation({"url": "/p/{id}", "method": "DELETE"}, remove=["id"])).as_service()
    with pytest.raises(ServiceArgumentError, match=r"remove.*'id'.*path"):
        await service.remove(value)
    assert remote.asked == []


async def test_none_is_left_out_of_a_query_and_lists_repeat(connect: Connect, remote: Remote) -> None:
    """SVC-003"""
    service = connect(
        operation({"url": "/f", "query": {"a": "{a}", "b": "x-{b}", "c": "{c}"}}, f=["a", "b", "c"])
    ).as_service()
    await service.f(a=None, b=None)
    await service.f(a=[1, 2], b="y", c={"k": [1]})
    assert [asked.target for asked in remote.asked] == ["/f", "/f?a=1&a=2&b=x-y&c=%7B%22k%22%3A%5B1%5D%7D"]


async def test_types_of_placeholders_convert_and_refuse(connect: Connect, remote: Remote) -> None:
    """SVC-003"""
    template = {
        "method": "PUT",
        "url": "/t",
        "body": {"age": "{age:int}", "on": ["{on:bool}"], "at": "{at=12:30}", "n": "{n}"},
    }
    service = connect(operation(template, put=["age", "on", "at", "n"])).as_service()
    await service.put("41", True)
    await service.put(1, "false", "now", None)
    assert remote.asked[0].json() == {"age": 41, "on": [True], "at": "12:30"}
    assert remote.asked[1].json() == {"age": 1, "on": [False], "at": "now", "n": None}
    for wrong in ("x", 1.5, True, [1]):
        with pytest.raises(ServiceArgumentError, match="'age'"):
            await service.put(wrong, True)
    assert len(remote.asked) == 2


async def test_a_marked_placeholder_must_be_given(connect: Connect, remote: Remote) -> None:
    """SVC-003, SVC-004"""
    service = connect(operation({"url": "/f", "query": {"a": "{!a}", "b": "{b}"}}, f=["a", "b"])).as_service()
    with pytest.raises(ServiceArgumentError, match=r"f\(\) argument 'a' is missing"):
        await service.f(b=1)
    with pytest.raises(ServiceArgumentError, match="'a' is required"):
        await service.f(None)
    assert remote.asked == []


async def test_a_text_body_is_text_and_an_exact_one_is_json(connect: Connect, remote: Remote) -> None:
    """SVC-003"""
    service = connect(
        operation({"method": "POST", "url": "/", "body": "Hello {name}!"}, greet=["name"]),
        operation({"method": "POST", "url": "/", "body": "{value}"}, send=["value"]),
    ).as_service()
    await service.greet("Ada")
    await service.send("Ada")
    await service.send(None)
    assert [asked.body for asked in remote.asked] == [b"Hello Ada!", b'"Ada"', b"null"]
    assert remote.asked[0].headers["content-type"].startswith("text/plain")
    with pytest.raises(ServiceArgumentError, match="'value' cannot be sent"):
        await service.send(object())


async def test_a_header_value_cannot_begin_another_line(connect: Connect, remote: Remote) -> None:
    """SVC-003"""
    service = connect(operation({"url": "/", "headers": {"x-tag": "{tag}"}}, f=["tag"])).as_service()
    with pytest.raises(ServiceArgumentError, match=r"'tag' cannot stand in a header"):
        await service.f("a\r\nx-admin: 1")
    await service.f()
    assert len(remote.asked) == 1
    assert "x-tag" not in remote.asked[0].headers


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda service: service.f(), r"f\(\) argument 'id' is missing"),
        (lambda service: service.f(1, idd=2), r"'idd' is unknown; known are id, q"),
        (lambda service: service.f(1, 2, 3), r"one too many"),
        (lambda service: service.f(1, id=2), r"'id' is given twice"),
    ],
)
async def test_wrong_arguments_are_told_before_anything_is_sent(
    connect: Connect, remote: Remote, call: Callable[[Any], Any], words: str
) -> None:
    """SVC-004"""
    service = connect(operation({"url": "/{id}", "query": {"q": "{q}"}}, f=["id", "q"])).as_service()
    with pytest.raises(TypeError, match=words):
        await call(service)
    assert remote.asked == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"template": {"url": "/{id}"}, "functions": {"f": []}}, "function 'f'.*'id' must have a value"),
        ({"template": {"url": "/"}, "functions": {"f": ["x"]}}, "function 'f'.*'x' stands nowhere"),
        ({"template": {"url": "/{a:colour}"}, "functions": {"f": ["a"]}}, "no known type"),
        ({"template": {"url": "/", "metod": "GET"}, "functions": {"f": []}}, "metod"),
        ({"template": {"url": "/", "method": "FETCH"}, "functions": {"f": []}}, "FETCH"),
        ({"template": {}, "functions": {"f": []}}, "no url"),
        ({"template": {"url": "/"}}, "names no functions"),
        ({"template": {"url": "/{a}"}, "functions": {"f": "a"}}, "parameters of the function 'f' are no list"),
        ("GET /", "no mapping"),
    ],
)
async def test_wrong_templates_are_told_with_the_data_source(entry: Any, words: str) -> None:
    """SVC-002, DS-001"""
    source = DataSource({"name": "geo", "connector": "rest", "base_url": "http://h", "operations": [entry]})
    with pytest.raises(DataSourceError, match=rf"'geo': operations\[0\].*{words}"):
        await source.connect()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"base_url": "h/x"}, "base_url is an absolute URL"),
        ({"base_url": "http://h?x=1"}, "query"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "10"}, "timeout"),
        ({"retries": -1}, "retries"),
        ({"retries": {"times": 1}}, "times"),
        ({"headers": {"a": "b\nc"}}, "header 'a'"),
        ({"headers": "a: b"}, "headers is a mapping"),
    ],
)
async def test_wrong_settings_are_told_with_the_data_source(settings: Any, words: str) -> None:
    """DS-001"""
    source = DataSource({"name": "geo", "connector": "rest", "base_url": "http://h", **settings})
    with pytest.raises(DataSourceError, match=rf"'geo': .*{words}"):
        await source.connect()
