"""A product."""

from decimal import Decimal

from mainspring import Entity, belongs_to, field, model

__all__ = ["Product"]


@model(rename="camel")
class Product(Entity):
    """A product; every change raises its version."""

    id: int | None = field(id=True, generated=True)
    name: str = field(required=True, min_length=1, max_length=80, unique=True)
    price: Decimal = field(required=True, minimum=0, precision=10, scale=2)
    category_code: str | None = belongs_to(".category_model:Category", name="category")
    version: int = field(version=True)
