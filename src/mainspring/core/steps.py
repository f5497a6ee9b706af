"""What the operations in the life of an application do, one method each, for mixins and frameworks to add to.

Each method is overridden cooperatively, with steps before and after ``super()``'s. Which operation may run when, who
waits for it, and what becomes of a failure is not decided here but in `lifecycle`.
"""

from typing import ClassVar, Protocol

__all__ = ["Steps"]


class Parts(Protocol):
    """What a life cycle can do, in parts that steps put in their order."""

    async def open_resources(self) -> None:
        """Open the resources that are not open."""

    async def init_observers(self) -> None:
        """Notify ``init``."""

    async def start_observers(self) -> None:
        """Notify ``start``: the servers come last."""

    async def stop_observers(self) -> None:
        """Notify ``stop``: the servers come first."""


class Steps:
    """The steps of an application that has nothing of its own to add.

    Attributes:
        initializes_anew: Whether a start after a stop initializes again.
    """

    initializes_anew: ClassVar[bool] = False

    async def before_look(self) -> None:
        """Called by commands that look at an application without starting it: find and register its artifacts."""

    async def run_init(self, parts: Parts, *, starts: bool) -> None:
        """What ``init`` does.

        Args:
            parts: What there is to do.
            starts: Whether a start follows.
        """
        if starts:
            await parts.open_resources()
        await parts.init_observers()

    async def run_start(self, parts: Parts) -> None:
        """What ``start`` does once everything is initialized."""
        await parts.open_resources()
        await parts.start_observers()

    async def run_stop(self, parts: Parts) -> None:
        """What ``stop`` does before the resources are closed."""
        await parts.stop_observers()

    async def before_undo(self, error: BaseException) -> None:
        """Look at what made ``init`` or ``start`` fail, before anything is undone. What this raises is a note on it."""

    async def after_undo(self, error: BaseException) -> None:
        """Undo what steps of one's own began; the observers are stopped, the resources still open."""
