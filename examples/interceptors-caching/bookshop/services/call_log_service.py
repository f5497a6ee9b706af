"""Which calls really happened."""

from collections import deque

from mainspring import BindingScope, injectable

__all__ = ["CallLog"]


@injectable(scope=BindingScope.SINGLETON)
class CallLog(deque[str]):
    """The last calls, oldest first."""

    def __init__(self) -> None:
        super().__init__(maxlen=1000)
