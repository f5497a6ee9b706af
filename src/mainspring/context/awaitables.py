"""What is to be awaited."""

from typing import Any

__all__ = ["Kinds", "is_awaitable"]


def is_awaitable(value: Any) -> bool:
    """Whether ``await value`` means something."""
    return hasattr(type(value), "__await__")


class Kinds:
    """Tells what is to be awaited from what is not, for generated text that asks of every value a function gives.

    Looking for what a type has not costs more than most of these functions do, so the text compares the type first.

    Attributes:
        plain: The type of the last value that is not to be awaited.
    """

    __slots__ = ("plain",)

    def __init__(self) -> None:
        self.plain: type | None = None

    def is_awaitable(self, value: Any) -> bool:
        """Whether ``await value`` means something."""
        if is_awaitable(value):
            return True
        self.plain = type(value)
        return False
