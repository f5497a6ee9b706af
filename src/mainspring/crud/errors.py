"""What can be wrong with a declared API. Errors hold data; their words are made in ``__str__``."""

from pathlib import Path
from typing import Any

from mainspring.boot import BootError
from mainspring.errors import MainspringError

__all__ = ["ModelApiConfigError", "ModelApiError"]


class ModelApiConfigError(MainspringError, ValueError):
    """A declaration that cannot be carried out: ``model`` and ``setting`` say where, ``reason`` why.

    Remedy:
        Correct the setting in the ``ModelApiConfig`` of that model.
    """

    def __init__(self, model: str, setting: str, reason: str) -> None:
        super().__init__(model, setting, reason)
        self.model, self.setting, self.reason = model, setting, reason

    def __str__(self) -> str:
        return f"The API of {self.model}: {self.setting!r} {self.reason}."


class ModelApiError(BootError):
    """A file of declarations that fails the boot.

    Remedy:
        Correct the file that is named; ``__cause__`` says what is wrong with the declaration.

    Attributes:
        root: The project root; the message names the file relative to it.
    """

    def __init__(self, reason: str, file: Path | str, root: Path | str) -> None:
        super().__init__(reason, file)
        self.root = Path(root)

    def __str__(self) -> str:
        file = self.file
        if file is None or not file.is_relative_to(self.root):
            return super().__str__()
        return f"{file.relative_to(self.root)}: {self.reason}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.file, self.root), {"__notes__": getattr(self, "__notes__", [])}
