"""Something that was bought."""

from mainspring import Entity, field, model

__all__ = ["Order"]

LARGEST = 2**63 - 1  # what an integer of the database holds


@model()
class Order(Entity):
    """An order; the total is in cents."""

    id: int | None = field(id=True, generated=True)
    product: int = field(required=True, minimum=1, maximum=LARGEST)
    pieces: int = field(required=True, minimum=1, maximum=1000)
    total: int | None = field()
