"""A product."""

from decimal import Decimal

from mainspring import Entity, belongs_to, field, model

from . import LARGEST_INTEGER, TEXT

__all__ = ["Product"]

# Text, since the numbers of JSON are binary fractions to many a client.
MONEY = {"type": "string", "pattern": r"^\d{1,8}(\.\d{1,2})?$"}


@model(rename="camel")
class Product(Entity):
    """A product; every change raises its version."""

    id: int | None = field(id=True, generated=True, minimum=1, maximum=LARGEST_INTEGER)
    name: str = field(required=True, min_length=1, max_length=80, unique=True, pattern=TEXT)
    price: Decimal = field(required=True, minimum=0, precision=10, scale=2, json_schema=MONEY)
    category_code: str | None = belongs_to(".category_model:Category", name="category", foreign_key=True)
    version: int = field(version=True, minimum=1, maximum=LARGEST_INTEGER)
