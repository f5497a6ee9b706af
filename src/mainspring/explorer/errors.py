"""What is wrong with the settings of the context explorer."""

from typing import Any

from mainspring.errors import MainspringError

__all__ = ["ExplorerSettingError"]


class ExplorerSettingError(MainspringError, ValueError):
    """A setting of the context explorer that is unknown or impossible.

    Remedy:
        Give the setting of ``context_explorer`` a value that it can have; the message says which.

    Attributes:
        setting: Its name.
        value: What was given.
        reason: What it should be.

    Remedy:
        Correct it where it was set: ``config["context_explorer"]``, the configuration of the component, or a variable
        ``MAINSPRING_CONTEXT_EXPLORER_…``.
    """

    def __init__(self, setting: str, value: Any, reason: str) -> None:
        super().__init__(setting, value, reason)
        self.setting, self.value, self.reason = setting, value, reason

    def __str__(self) -> str:
        return f"The setting {self.setting!r} of the context explorer is {self.value!r}: {self.reason}."
