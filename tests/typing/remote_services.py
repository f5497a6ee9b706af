"""Remote services as a type checker sees them: a proxy is its interface (SVC-001)."""

import abc
from typing import Annotated, Any, Protocol, assert_type

from mainspring import DataSource
from mainspring.proxies import get_service, service_proxy


class People(Protocol):
    async def name_of(self, person_id: int) -> str: ...


class AbstractPeople(abc.ABC):
    @abc.abstractmethod
    async def name_of(self, person_id: int) -> str: ...


class Greeter:
    def __init__(self, people: People = service_proxy("people"), more: Annotated[Any, service_proxy("more")] = None):
        self.people = people
        self.more = more


async def proxies(source: DataSource) -> None:
    assert_type(await get_service(People, source), People)
    assert_type(await get_service(AbstractPeople, source), AbstractPeople)
    assert_type(source.as_service(People), People)
    assert_type(await (await get_service(People, source)).name_of(1), str)
    assert_type(await get_service(None, source), Any)
    assert_type(source.as_service(), Any)
