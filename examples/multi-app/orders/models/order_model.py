"""Something that was bought."""

from mainspring import Entity, field, model

__all__ = ["Order"]


@model()
class Order(Entity):
    """An order; the total is in cents."""

    id: int | None = field(id=True, generated=True)
    product: int = field(required=True)
    pieces: int = field(required=True, minimum=1)
    total: int | None = field()
