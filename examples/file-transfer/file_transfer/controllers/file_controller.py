"""``/files``."""

from typing import Annotated, Any

from mainspring import param, request_body, rest
from mainspring.rest import FileResponse, UploadFile

from ..models import NAME, StoredFile
from ..services.store_service import StoreService, chunks_of

__all__ = ["FileController"]

Name = Annotated[str, param.path(pattern=NAME)]
ANY = {"schema": {"type": "string", "format": "binary"}}
Files = Annotated[list[UploadFile], param.file(max_length=10)]
Body = Annotated[Any, request_body(content={"application/octet-stream": {**ANY, "x-parser": "stream"}})]


class FileController:
    """Files up and down.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: StoreService) -> None:
        self.store = store

    @rest.get("/files")
    async def find(self) -> list[StoredFile]:
        """The files, by name."""
        return await self.store.all()

    @rest.post("/files")
    @rest.response(422)
    async def upload(self, files: Files) -> list[StoredFile]:
        """Keep the files of a form, each under its own name, in the place of one that has it."""
        names = [file.filename or "" for file in files]
        for name in names:  # all of them before one is kept
            self.store.check(name)
        return [await self.store.put(name, chunks_of(file)) for name, file in zip(names, files, strict=True)]

    @rest.put("/files/{name}")
    async def put(self, name: Name, body: Body) -> StoredFile:
        """Keep the body as a file; it goes to the disk as it comes."""
        return await self.store.put(name, body.stream())

    @rest.get("/files/{name}")
    @rest.response(200, {"description": "The file.", "content": {"*/*": ANY}})
    @rest.response(404)
    async def download(self, name: Name) -> FileResponse:
        """A file, or with ``Range`` a part of it; with ``If-None-Match`` nothing when it is still the same."""
        return FileResponse(await self.store.path_of(name), headers={"X-Content-Type-Options": "nosniff"})

    @rest.delete("/files/{name}")
    @rest.response(404)
    async def remove(self, name: Name) -> None:
        """Remove a file."""
        await self.store.remove(name)
