"""A service is the type of its interface, wherever it stands (CORE-226)."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from abc import ABC, abstractmethod
from enum import Enum
from typing import Annotated, Any, Generic, Protocol, TypeVar, assert_type

from mainspring import service
from mainspring.core import Application, filter_by_tag

T = TypeVar("T")


class Greeting: ...


class Clock(Protocol):
    def now(self) -> float: ...


class Store(ABC):
    @abstractmethod
    def keys(self) -> list[str]: ...


class Repository(Generic[T]):
    def find(self) -> list[T]:
        return []


class Tokens(Enum):
    MAILER = "mailer"


def markers() -> None:
    assert_type(service(Greeting), Greeting)
    assert_type(service(Clock), Clock)
    assert_type(service(Store), Store)
    assert_type(service(Repository[int]), Repository[int])
    assert_type(service(Greeting, filter=filter_by_tag("loud")), Greeting)
    assert_type(service(Greeting, optional=True), Greeting)
    assert_type(service("mailer"), Any)
    assert_type(service(Tokens.MAILER), Any)
    assert_type(service(), Any)


class Consumer:
    clock: Clock = service(Clock)
    store: Store = service()
    wrong: Greeting = service(Clock)  # type: ignore[assignment]

    def __init__(
        self,
        greeting: Greeting = service(Greeting),
        later: Annotated[Clock | None, service(Clock, optional=True)] = None,
        mailer: Greeting = service("mailer"),
    ) -> None: ...

    def greet(self, who: str, store: Store = service(Store)) -> str:
        return f"{who}: {store.keys()}"


def registering(app: Application) -> None:
    app.service(Greeting, interface=Clock).lock()
    app.service(Greeting, interface="greeting")
    app.service(Greeting, interface=Tokens.MAILER)
