"""OpenAPI documents: read, and made one of all the files they refer to."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.request import url2pathname

import yaml  # type: ignore[import-untyped]  # it has no annotations

from mainspring.openapi import DocumentError
from mainspring.openapi.codecs import decode_json
from mainspring.openapi.errors import MalformedJsonError
from mainspring.openapi.references import follow_pointer

__all__ = ["Document", "Fetch", "load_document", "run_at_once"]

T = TypeVar("T")

#: Gets what is at an HTTP URL.
Fetch = Callable[[str], Awaitable[bytes]]

#: Where the files that a document refers to are kept in it.
_OTHERS = "x-mainspring-documents"
#: A document that is made of more files than this is not meant.
_FILES = 500
#: A chain of references longer than this goes in a circle.
_CHAIN = 50

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Document(NamedTuple):
    """A whole document: every ``$ref`` in it begins with ``#``. ``location`` is where it came from, if anywhere."""

    content: dict[str, Any]
    location: str | None

    def resolved(self, value: Any) -> Any:
        """A value, or what its ``$ref`` names, through other references.

        Raises:
            DocumentError: The reference names nothing, or goes in a circle.
        """
        found = value
        for _ in range(_CHAIN):
            if not isinstance(found, Mapping) or "$ref" not in found:
                return found
            try:
                found = follow_pointer(self.content, found["$ref"])
            except KeyError:
                raise DocumentError(self.place, f"the reference {found['$ref']!r} names nothing") from None
        raise DocumentError(self.place, f"the reference {value['$ref']!r} goes in a circle")

    @property
    def place(self) -> str:
        """The document in words."""
        return self.location or "the given document"


async def load_document(source: Any, fetch: Fetch) -> Document:
    """Read a document and the files it refers to.

    Args:
        source: A mapping, a path, or a URL (``http``, ``https``, ``file``).
        fetch: For ``http`` and ``https``. A document that came so refers to no files of this machine.

    Raises:
        DocumentError: One is not there, is no document, or refers where it must not.
    """
    if isinstance(source, Mapping):
        location, content = None, _plain(source)
    else:
        location = _location(str(source))
        content = _parsed(location, await _read(location, fetch))
    _check_version(location or "the given document", content)
    bundle = _Bundle(location)
    whole = bundle.rewritten(content, location, "")
    others = {}
    while bundle.waiting:
        url, key = bundle.waiting.popitem()
        part = _parsed(url, await _read(url, fetch))
        others[key] = bundle.rewritten(part, url, f"/{_OTHERS}/{key}")
    return Document({**whole, _OTHERS: others} if others else whole, location)


class _Bundle:
    """The files of one document, each under a number."""

    def __init__(self, root: str | None) -> None:
        self._root = root
        self._known: dict[str, str] = {}
        self.waiting: dict[str, str] = {}

    def rewritten(self, value: Any, location: str | None, prefix: str) -> Any:
        """A copy whose references lead to the one document."""
        if isinstance(value, list):
            return [self.rewritten(item, location, prefix) for item in value]
        if not isinstance(value, Mapping):
            return value
        result = {key: self.rewritten(item, location, prefix) for key, item in value.items()}
        if isinstance(value.get("$ref"), str):
            result["$ref"] = self._reference(value["$ref"], location, prefix)
        return result

    def _reference(self, reference: str, location: str | None, prefix: str) -> str:
        target, fragment = urldefrag(reference)
        if not target:
            return f"#{prefix}{fragment}"
        if location is None and not urlsplit(target).scheme:
            raise DocumentError("the given document", f"{reference!r} refers to a file, relative to nothing")
        url = urljoin(location or "", target)
        if url == self._root:
            return f"#{fragment}"
        if (location or "").startswith("http") and not url.startswith(("http://", "https://")):
            raise DocumentError(
                str(location), f"{reference!r} refers to this machine; a document from the net must not"
            )
        if url not in self._known:
            if len(self._known) == _FILES:
                raise DocumentError(str(self._root), f"it refers to more than {_FILES} files")
            self._known[url] = self.waiting[url] = str(len(self._known))
        return f"#/{_OTHERS}/{self._known[url]}{fragment}"


def run_at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing.

    Raises:
        RuntimeError: It does wait.
    """
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise RuntimeError("This would have to wait; await it.")


def _location(source: str) -> str:
    scheme = urlsplit(source).scheme.lower()
    if scheme in ("http", "https", "file"):
        return source
    return Path(source).absolute().as_uri()


async def _read(location: str, fetch: Fetch) -> bytes:
    return await fetch(location) if location.startswith("http") else _file(location)


def _file(location: str) -> bytes:
    parts = urlsplit(location)
    try:
        return Path(url2pathname(parts.path)).read_bytes()
    except OSError as error:
        raise DocumentError(location, f"it cannot be read ({error.strerror})") from error


def _parsed(location: str, content: bytes) -> Any:
    try:
        if content.lstrip()[:1] == b"{":
            return decode_json(content)
        return _plain(yaml.load(content, _Loader))
    except (yaml.YAMLError, MalformedJsonError, RecursionError) as error:
        raise DocumentError(location, f"it is neither JSON nor YAML ({error})") from error


def _plain(value: Any) -> Any:
    """JSON data: YAML knows keys that are numbers (``200:``)."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _check_version(place: str, content: Any) -> None:
    version = str(content.get("openapi", "")) if isinstance(content, Mapping) else ""
    if not version.startswith("3."):
        raise DocumentError(place, "it is no document of OpenAPI 3.0 or 3.1; convert older ones")
    if not isinstance(content.get("paths", {}), Mapping):
        raise DocumentError(place, "its paths are no mapping")
