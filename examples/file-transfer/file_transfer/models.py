"""What is said of a file."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["NAME", "StoredFile"]

#: What may name a file: no folder, nothing hidden, no character that is special to some system, and, in UTF-8, no more
#: than the 255 bytes that file systems take.
NAME = r'^[^./\\<>:"|?*\u0000-\u0020\u007f][^/\\<>:"|?*\u0000-\u001f\u007f]{0,59}$'


class StoredFile(Struct, frozen=True):
    """A file that is there."""

    name: str
    size: Annotated[int, Meta(ge=0, description="Bytes.")]
    modified: datetime
