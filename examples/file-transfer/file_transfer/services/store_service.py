"""The folder of files: each is there as a whole or not at all, whatever happens while it comes.

Work on the disk is done by threads, so that others are served meanwhile.
"""

import os
import re
import stat
import tempfile
from asyncio import to_thread
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from mainspring import BindingKey, BindingScope, HttpErrors, inject, injectable
from mainspring.rest import UploadFile

from ..models import NAME, StoredFile

__all__ = ["FOLDER", "StoreService", "chunks_of"]

FOLDER: BindingKey[Path] = BindingKey("files.folder")
CHUNK = 256 * 1024  # bytes: few enough to hold for many uploads at once, enough that threads are not all the work
INCOMING = ".incoming-"  # no name of a file begins with a dot


@injectable(scope=BindingScope.SINGLETON)
class StoreService:
    """Keeps files in a folder.

    Args:
        folder: The folder; it is made when the first file comes.
    """

    def __init__(self, folder: Annotated[Path, inject(FOLDER)]) -> None:
        self.folder = folder

    async def all(self) -> list[StoredFile]:
        """The files, by name."""
        return await to_thread(self._all)

    def check(self, name: str) -> None:
        """Refuse what could lead out of the folder, or be no name of a file somewhere.

        Raises:
            HttpErrors.UnprocessableEntity: It is such a name.
        """
        if not re.search(NAME, name):
            entry = {"path": "/name", "code": "pattern", "message": "must be a plain file name", "info": {}}
            raise HttpErrors.UnprocessableEntity(f"{name!r} cannot name a file.", details=[entry])

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> StoredFile:
        """Keep a file, in the place of one of its name.

        Raises:
            HttpErrors.UnprocessableEntity: It is no name for a file.
            Exception: What the chunks raise; a file that was there before is there still.
        """
        path = self._path(name)
        await to_thread(self.folder.mkdir, parents=True, exist_ok=True)
        handle, incoming = await to_thread(tempfile.mkstemp, prefix=INCOMING, dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                async for chunk in chunks:
                    await to_thread(file.write, chunk)
            await to_thread(os.replace, incoming, path)
        except BaseException:  # a client that goes away cancels this
            os.unlink(incoming)
            raise
        return await self.find(name)

    async def find(self, name: str) -> StoredFile:
        """One file.

        Raises:
            HttpErrors.NotFound: There is none of the name.
        """
        found = await to_thread(_described, self._path(name))
        if found is None:
            raise HttpErrors.NotFound(f"There is no file {name!r}.")
        return found

    async def path_of(self, name: str) -> Path:
        """Where a file is.

        Raises:
            HttpErrors.NotFound: There is none of the name.
        """
        await self.find(name)
        return self._path(name)

    async def remove(self, name: str) -> None:
        """Remove a file; who is reading it reads on.

        Raises:
            HttpErrors.NotFound: There is none of the name.
        """
        await to_thread((await self.path_of(name)).unlink, missing_ok=True)

    async def sweep(self) -> None:
        """Remove what came half before a process was killed; for the start, when nothing is coming."""
        for left in await to_thread(lambda: list(self.folder.glob(f"{INCOMING}*"))):
            await to_thread(left.unlink)

    def _path(self, name: str) -> Path:
        self.check(name)
        return self.folder / name

    def _all(self) -> list[StoredFile]:
        names = sorted(os.listdir(self.folder)) if self.folder.is_dir() else []
        found = (_described(self.folder / name) for name in names if re.search(NAME, name))
        return [file for file in found if file is not None]


def _described(path: Path) -> StoredFile | None:
    try:
        status = path.lstat()  # a link would lead somewhere else
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return StoredFile(path.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


async def chunks_of(upload: UploadFile) -> AsyncIterator[bytes]:
    """The bytes of an uploaded file, never all of them at once."""
    while chunk := await upload.read(CHUNK):
        yield chunk
