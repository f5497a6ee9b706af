"""A category of products."""

from mainspring import Entity, field, has_many, model

from . import TEXT
from .product_model import Product

__all__ = ["Category"]


@model(rename="camel")
class Category(Entity):
    """A category; its code is its id."""

    code: str = field(id=True, required=True, pattern="^[a-z]+$", max_length=20)
    name: str = field(required=True, pattern=TEXT)
    products: list[Product] = has_many(lambda: Product, key_to="category_code")
