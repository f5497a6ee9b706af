"""Something to buy."""

from mainspring import Entity, field, model

__all__ = ["Product"]


@model()
class Product(Entity):
    """A product; its price is in cents."""

    id: int | None = field(id=True, generated=True)
    name: str = field(required=True, min_length=1)
    price: int = field(required=True, minimum=0)
