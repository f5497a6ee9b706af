"""What can go wrong while booting. Errors hold data; their words are made in ``__str__``."""

from pathlib import Path
from typing import Any

from mainspring.errors import MainspringError

__all__ = ["BootError"]


class BootError(MainspringError):
    """An application could not be booted; its bindings are as they were.

    Remedy:
        Look at ``file`` and ``line``; ``__cause__`` is what went wrong there. The boot may be repeated when it is
        mended.

    Attributes:
        reason: What happened, ending with the way out.
        file: The file (or folder) concerned, or ``None``.
        line: The line in it, or ``None``.
    """

    def __init__(self, reason: str, file: "Path | str | None" = None, line: int | None = None) -> None:
        super().__init__(reason, file, line)
        self.reason = reason
        self.file = Path(file) if file is not None else None
        self.line = line

    def __str__(self) -> str:
        if self.file is None:
            return self.reason
        place = str(self.file) if self.line is None else f"{self.file}, line {self.line}"
        return f"{place}: {self.reason}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.file, self.line), {"__notes__": getattr(self, "__notes__", [])}

    @classmethod
    def of_import(cls, file: Path, error: Exception) -> "BootError":
        """The error of a file that fails to import: where in it, and what it raised."""
        text = f"{type(error).__name__}: {error}".removesuffix(": ").removesuffix(".")
        return cls(f"{text}. Correct the file and boot again.", file, line_in(file, error))


def line_in(file: Path, error: BaseException) -> int | None:
    """The line of a syntax error in the file, else the last line of it that was executed."""
    name = str(file)
    if isinstance(error, SyntaxError) and error.filename == name:
        return error.lineno
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
