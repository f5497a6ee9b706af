"""Interfaces and the proxies made of them."""

import abc
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Protocol

import pytest
from tests.proxies.remotes import Remote, operation, reply

from mainspring import DataSource, Entity, RestApplication, field, model, rest
from mainspring.proxies import ServiceArgumentError, ServiceInterfaceError, get_service
from mainspring.repository import UnsupportedOperationError

Connect = Callable[..., DataSource]

FIND = operation({"url": "/people/{person_id}", "query": {"full": "{full}"}}, get_person=["person_id", "full"])


@model()
class Person(Entity):
    id: int | None = field(id=True)
    name: str = field(required=True)


class People(Protocol):
    async def get_person(self, person_id: int) -> Person:
        """One of them."""


class AbstractPeople(abc.ABC):
    @abc.abstractmethod
    async def get_person(self, person_id: int) -> Person: ...

    async def name_of(self, person_id: int) -> str:
        return (await self.get_person(person_id)).name


class PlainPeople:
    def __init__(self, something: int) -> None:
        raise AssertionError("an interface's own constructor is for who implements it")

    def get_person(self, person_id: int) -> Awaitable[Person]: ...  # type: ignore[empty-body]  # an interface


@pytest.mark.parametrize("interface", [People, AbstractPeople, PlainPeople])
async def test_a_proxy_is_made_of_any_sort_of_interface(connect: Connect, remote: Remote, interface: Any) -> None:
    """SVC-001"""
    remote.script = [reply(200, {"id": 7, "name": "Ada"})]
    source = connect(FIND)
    for people in (await get_service(interface, source), source.as_service(interface)):
        assert interface in type(people).__mro__
        assert await people.get_person(7) == Person(id=7, name="Ada")
        assert await people.get_person(person_id=7) == Person(id=7, name="Ada")
    assert {asked.target for asked in remote.asked} == {"/people/7"}
    assert "People" in repr(people)


async def test_methods_with_a_body_of_their_own_stay(connect: Connect, remote: Remote) -> None:
    """SVC-001"""
    remote.script = [reply(200, {"id": 7, "name": "Ada"})]
    people = await get_service(AbstractPeople, connect(FIND))
    assert await people.name_of(7) == "Ada"


async def test_a_default_of_the_interface_is_sent(connect: Connect, remote: Remote) -> None:
    """SVC-001"""

    class Full(Protocol):
        async def get_person(self, number: int, *, full: bool = True) -> Any: ...

    await (await get_service(Full, connect(FIND))).get_person(3)
    assert remote.asked[0].target == "/people/3?full=true"


class Unknown(Protocol):
    async def get_person(self, person_id: int) -> Person: ...
    async def fly(self) -> None: ...


class Wider(Protocol):
    async def get_person(self, person_id: int, full: bool, colour: str) -> Person: ...


class Narrower(Protocol):
    async def get_person(self) -> Person: ...


class NotAsync(Protocol):
    def get_person(self, person_id: int) -> Person: ...


class Unwritable(Protocol):
    async def get_person(self, person_id: int) -> Callable[[], int]: ...


@pytest.mark.parametrize(
    ("interface", "words"),
    [
        (Unknown, "Unknown.fly: the data source has no operation for it; there are get_person"),
        (Wider, "Wider.get_person: the operation has no parameter 'colour'"),
        (Narrower, "Narrower.get_person: the operation needs 'person_id'"),
        (NotAsync, "NotAsync.get_person: .*async def"),
        (Unwritable, "Unwritable.get_person: .*Callable"),
        ("People", "'People': an interface is a class"),
    ],
)
async def test_what_an_interface_lacks_is_told_when_the_proxy_is_made(
    connect: Connect, remote: Remote, interface: Any, words: str
) -> None:
    """SVC-004"""
    source = connect(FIND)
    with pytest.raises(ServiceInterfaceError, match=words):
        await get_service(interface, source)
    with pytest.raises(ServiceInterfaceError, match=words):
        source.as_service(interface)
    assert remote.asked == []


async def test_arguments_are_checked_against_the_interface(connect: Connect, remote: Remote) -> None:
    """SVC-004"""
    people: Any = await get_service(People, connect(FIND))
    for call in (people.get_person, lambda: people.get_person(idd=1)):
        with pytest.raises(ServiceArgumentError, match=r"People\.get_person\(\) argument '(person_id|idd)'"):
            await call()
    assert remote.asked == []


async def test_only_a_data_source_for_services_has_services() -> None:
    """SVC-001"""
    with pytest.raises(TypeError, match="an instance of DataSource"):
        await get_service(People, "geo")  # type: ignore[arg-type]  # what is tried
    with pytest.raises(UnsupportedOperationError, match="services"):
        DataSource({"connector": "kv-memory"}).as_service(People)


# An interface whose REST decorators say everything; the very same one is served.


Agent = Annotated[str, rest.param.header("x-agent")]
Token = Annotated[str | None, rest.param.cookie("token")]
Form = Annotated[str, rest.param.form()]
Filter = Annotated[Any, rest.param.filter(Person)]


@rest.api(base_path="/v1")
class Api(abc.ABC):
    @rest.get("/people/{id}")
    @abc.abstractmethod
    async def find_person(
        self, id: int, tags: list[str] | None = None, agent: Agent = "nobody", token: Token = None
    ) -> dict[str, Any]: ...

    @rest.post("/people")
    @abc.abstractmethod
    async def create_person(self, person: Person) -> Person: ...

    @rest.put("/names/{name}")
    @abc.abstractmethod
    async def rename(self, name: str, new: Form, age: Form) -> str: ...

    @rest.get("/search")
    @abc.abstractmethod
    async def search(self, filter: Filter = None) -> list[Person]: ...


class ApiController(Api):
    async def find_person(
        self, id: int, tags: list[str] | None = None, agent: Agent = "nobody", token: Token = None
    ) -> dict[str, Any]:
        return {"id": id, "tags": tags, "agent": agent, "token": token}

    async def create_person(self, person: Person) -> Person:
        return person

    async def rename(self, name: str, new: Form, age: Form) -> str:
        return f"{name} -> {new}, {age}"

    async def search(self, filter: Filter = None) -> list[Person]:
        return [Person(id=filter["limit"], name=filter["where"]["name"])]


async def test_the_declaration_is_the_operation() -> None:
    """SVC-008, SVC-005"""
    app = RestApplication({"rest": {"port": 0}})
    app.controller(ApiController)
    async with app, DataSource({"name": "api", "connector": "rest", "base_url": app.rest_server.url}) as source:
        api = await get_service(Api, source)
        found = await api.find_person(7, ["a b", "c/d"], agent="x", token="t=1")
        assert found == {"id": 7, "tags": ["a b", "c/d"], "agent": "x", "token": "t=1"}
        assert (await api.find_person(7))["agent"] == "nobody"
        assert await api.create_person(Person(id=1, name="Ada")) == Person(id=1, name="Ada")
        assert await api.rename("a/b", new="c&d=", age="3") == "a/b -> c&d=, 3"
        assert await api.search({"limit": 2, "where": {"name": "Ada"}}) == [Person(id=2, name="Ada")]
        with pytest.raises(ServiceArgumentError, match="'token' cannot stand in a cookie"):
            await api.find_person(7, token="t; admin=1")
        with pytest.raises(ServiceArgumentError, match="'agent' cannot stand in a header"):
            await api.find_person(7, agent="x\r\ny: z")
        with pytest.raises(ServiceArgumentError, match="'person' is missing"):
            await api.create_person()  # type: ignore[call-arg]  # what is tried
