"""What all applications of the benchmark share: the models of W3 and the objects of W4, plain classes."""

from typing import Annotated

from msgspec import Meta, Struct


class Customer(Struct):
    name: str
    email: str


class Line(Struct):
    sku: str
    qty: Annotated[int, Meta(ge=1)]
    price: float


class Order(Struct):
    id: int
    customer: Customer
    lines: list[Line]
    note: str | None = None


class Item(Struct):
    id: int
    q: str
    limit: int


class Total(Struct):
    id: int
    total: float
    count: int


def total_of(order: Order) -> float:
    """The price of an order, of whichever library its model is."""
    return sum(line.qty * line.price for line in order.lines)


class Config:
    """One for all requests."""

    def __init__(self) -> None:
        self.base = 40


class Clock:
    """One for all requests."""

    def __init__(self) -> None:
        self.offset = 2


class Repository:
    """One per request, as all below."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def load(self) -> int:
        return self.config.base


class Service:
    def __init__(self, repository: Repository, clock: Clock) -> None:
        self.repository, self.clock = repository, clock

    def compute(self) -> int:
        return self.repository.load() + self.clock.offset


class RequestInfo:
    """What the graph knows of the request."""

    def __init__(self, path: str) -> None:
        self.path = path


class Graph:
    def __init__(self, service: Service, info: RequestInfo) -> None:
        self.service, self.info = service, info

    def handle(self) -> dict[str, str | int]:
        return {"path": self.info.path, "value": self.service.compute()}
