"""What an answer becomes: a value of the method's return annotation."""

from collections.abc import Callable
from typing import Any

from mainspring.http.headers import Headers
from mainspring.http.media import MediaType, is_json, parse_media_type
from mainspring.openapi import MalformedJsonError, SchemaViolation
from mainspring.openapi.codecs import decode_json, json_codec
from mainspring.openapi.kinds import union_members
from mainspring.openapi.parameters import MISSING
from mainspring.proxies.errors import ServiceAnswerError
from mainspring.proxies.messages import ServiceResponse

__all__ = ["Answer", "answer_of", "readable_body"]

#: Reads an answer; the name of the data source is for messages.
Answer = Callable[[str, ServiceResponse], Any]

_NO_BODY = (204, 205)


def answer_of(annotation: Any) -> Answer:
    """How answers of a method are read.

    Args:
        annotation: Its return annotation: ``None`` ignores the body, ``bytes`` is the body itself, ``MISSING`` and
            ``Any`` give JSON decoded, texts and bytes as they are; of other types values are made.

    Raises:
        AnnotationError: Values of the type cannot be read.
    """
    if annotation is None or annotation is type(None):
        return _nothing
    if annotation is MISSING or annotation is Any:
        return _anything
    if annotation is ServiceResponse:
        return _whole
    if annotation in (bytes, bytearray):
        return lambda _, response: annotation(response.content)
    return _Typed(annotation)


def readable_body(headers: Headers, content: bytes) -> Any:
    """A body for who looks at it: JSON decoded, text as text, anything else as bytes; ``None`` for an empty one."""
    if not content:
        return None
    media = _media_type(headers)
    if media is not None and is_json(media):
        try:
            return decode_json(content)
        except MalformedJsonError:
            return content.decode("utf-8", "replace")
    if media is not None and media.type == "text":
        return _text(media, content)
    return content


def _nothing(_: str, __: ServiceResponse) -> None:
    return None


def _whole(_: str, response: ServiceResponse) -> ServiceResponse:
    return response


def _anything(datasource: str, response: ServiceResponse) -> Any:
    if response.status in _NO_BODY or not response.content:
        return None
    media = _media_type(response.headers)
    if media is not None and is_json(media):
        try:
            return decode_json(response.content)
        except MalformedJsonError as error:
            raise ServiceAnswerError(datasource, response, f"answered with a body that is no JSON ({error})") from error
    return response.body


class _Typed:
    """Reads JSON as values of a type; and, where the type has texts, texts."""

    def __init__(self, annotation: Any) -> None:
        members = union_members(annotation)
        self._takes_text = any(member is str for member in members)
        self._takes_none = any(member is type(None) for member in members)
        self._codec = json_codec(annotation)

    def __call__(self, datasource: str, response: ServiceResponse) -> Any:
        if response.status in _NO_BODY:
            return None
        media = _media_type(response.headers)
        if self._takes_text and not (media is not None and is_json(media)):
            return _text(media, response.content)
        if not response.content and self._takes_none:
            return None
        try:
            return self._codec.decode(response.content)
        except MalformedJsonError as error:
            sort = f" but {media.essence}" if media is not None and not is_json(media) else ""
            words = "answered without a body" if not response.content else f"answered with no JSON{sort} ({error})"
            raise ServiceAnswerError(datasource, response, words) from error
        except SchemaViolation as error:
            reason = "answered with a body that does not fit"
            raise ServiceAnswerError(datasource, response, reason, error.violations) from error


def _media_type(headers: Headers) -> MediaType | None:
    found = headers.get("content-type")
    return None if found is None else parse_media_type(found)


def _text(media: MediaType | None, content: bytes) -> str:
    charset = (media.charset if media is not None else None) or "utf-8"
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")
