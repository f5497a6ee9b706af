"""What is stored."""

from mainspring import Entity, field, model

__all__ = ["Entry"]


@model()
class Entry(Entity):
    """What somebody wrote into the book."""

    id: int | None = field(id=True, generated=True)
    name: str = field(required=True, min_length=1)
    text: str = field(required=True, min_length=1)
