"""What can go wrong while metadata is written down."""

from mainspring.errors import MainspringError

__all__ = ["MetadataError"]


class MetadataError(MainspringError):
    """A decorator was applied more than once to one target.

    Remedy:
        Apply it once, or use the decorator's form that takes several.

    Attributes:
        decorator: The name shown for the decorator, without ``@``.
        target: The class, method, property or parameter, in words (``class Todo``, ``Todo.list[limit]``).
    """

    def __init__(self, decorator: str, target: str) -> None:
        super().__init__(decorator, target)
        self.decorator, self.target = decorator, target

    def __str__(self) -> str:
        return (
            f"@{self.decorator} cannot be applied more than once on {self.target}. "
            "Remove one of the two, or put both specs into one."
        )
