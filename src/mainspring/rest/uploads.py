"""A file of a form: in memory while it is small, else in a temporary file; read off the event loop."""

import tempfile
from typing import IO, Any

from mainspring.http import Headers
from mainspring.rest.streaming import in_thread

__all__ = ["SPOOL_SIZE", "UploadFile"]

SPOOL_SIZE = 1024 * 1024
"""Bytes of a file that are kept in memory; what is larger is written to a temporary file."""


class UploadFile:
    """A file sent in a form.

    Attributes:
        filename: Its name, the last component only; ``None`` when none was sent.
        content_type: Its media type as sent.
        headers: The headers of its part.
        field_name: The field it was sent in.
        size: Its bytes.
        file: The (temporary) file itself, for plain code.
    """

    __mainspring_upload__ = True

    def __init__(
        self, field_name: str, filename: str | None, content_type: str | None, headers: Headers | None = None
    ) -> None:
        self.field_name = field_name
        self.filename = filename
        self.content_type = content_type
        self.headers = headers if headers is not None else Headers()
        self.size = 0
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL_SIZE)  # noqa: SIM115 - closed with the request

    def __repr__(self) -> str:
        return f"<UploadFile {self.filename!r} of {self.field_name!r}, {self.size} bytes>"

    @property
    def in_memory(self) -> bool:
        """Whether it has not been written to a temporary file."""
        return not getattr(self.file, "_rolled", True)

    async def append(self, data: bytes) -> None:
        """Add bytes at the end, while the form is read."""
        self.size += len(data)
        if self.in_memory and self.size <= SPOOL_SIZE:
            self.file.write(data)
        else:
            await in_thread(self.file.write, data)

    async def read(self, n: int = -1) -> bytes:
        """The next ``n`` bytes, all that remain by default."""
        data: bytes = self.file.read(n) if self.in_memory else await in_thread(self.file.read, n)
        return data

    async def seek(self, offset: int = 0) -> None:
        """Continue reading at this byte."""
        if self.in_memory:
            self.file.seek(offset)
        else:
            await in_thread(self.file.seek, offset)

    async def close(self) -> None:
        """Remove it. The end of the request does so in any case."""
        if self.in_memory:
            self.file.close()
        else:
            await in_thread(self.file.close)

    def close_now(self) -> Any:
        """Remove it without waiting."""
        self.file.close()
