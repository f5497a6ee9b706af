"""The models of W3 for frameworks that are made for pydantic."""

from typing import Annotated

from pydantic import BaseModel, Field


class Customer(BaseModel):
    name: str
    email: str


class Line(BaseModel):
    sku: str
    qty: Annotated[int, Field(ge=1)]
    price: float


class Order(BaseModel):
    id: int
    customer: Customer
    lines: list[Line]
    note: str | None = None


class Item(BaseModel):
    id: int
    q: str
    limit: int


class Total(BaseModel):
    id: int
    total: float
    count: int
