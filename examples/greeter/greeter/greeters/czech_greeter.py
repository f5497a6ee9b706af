"""Czech, which has words for friends and words for everybody else."""

from typing import Annotated

from mainspring import config, injectable

from ..component import greets

__all__ = ["CzechGreeter"]


@injectable(greets)
class CzechGreeter:
    """Ahoj.

    Args:
        formal: Configuration: whether to greet as one does strangers.
    """

    language = "cs"

    def __init__(self, formal: Annotated[bool, config("formal")] = False) -> None:
        self.formal = formal

    def greet(self, name: str) -> str:
        """Words for somebody."""
        return f"{'Dobrý den' if self.formal else 'Ahoj'}, {name}!"
