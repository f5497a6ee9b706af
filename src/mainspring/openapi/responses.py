"""``@response``: what an operation answers, said once per status and put together when the document is made."""

from collections.abc import Callable
from typing import Any, TypeVar

from mainspring.openapi.builders import built
from mainspring.openapi.errors import DeclarationError
from mainspring.openapi.notes import copied_spec, function_behind, method_notes, note_on_method, target_kind

__all__ = ["response"]

T = TypeVar("T")


class _ResponseDecorator:
    """``@response(status, *models_or_spec)`` and ``@response.file(*media_types)``."""

    def __call__(self, status: int | str, *models: Any) -> Callable[[T], T]:
        """Say that an operation may answer with a status.

        Args:
            status: 100 to 599, ``"default"`` or a range such as ``"4XX"``.
            models: Models (several are alternatives), schemas, ``$ref`` mappings or response objects, whose ``content``
                is merged.

        Raises:
            DeclarationError: It is no status.
        """
        _check_status(status)
        noted = (status, tuple(copied_spec(built(model)) for model in models))

        def decorate(target: T) -> T:
            target_kind(target, "response", classes=False)
            notes = method_notes(function_behind(target))
            note_on_method(target, responses=(noted, *(notes.responses if notes else ())))
            return target

        return decorate

    def file(self, *media_types: str) -> Callable[[T], T]:
        """Say that an operation answers with a file, by default of any type (``application/octet-stream``)."""
        binary = {"schema": {"type": "string", "format": "binary"}}
        content = {media_type: dict(binary) for media_type in media_types or ("application/octet-stream",)}
        return self(200, {"description": "The file content", "content": content})


response = _ResponseDecorator()
"""The decorator `response(status, *models_or_spec)`, and `response.file(*media_types)`."""


def _check_status(status: int | str) -> None:
    text = str(status)
    known = text == "default" or (len(text) == 3 and text[0] in "12345" and (text[1:].isdigit() or text[1:] == "XX"))
    if isinstance(status, bool) or not known:
        raise DeclarationError(f"@response({status!r})", 'the status is a number from 100 to 599, "4XX" or "default"')
