"""What an operation's body is: media types, schema, options, put together from marker, spec and annotation."""

from collections.abc import Mapping
from typing import Any

from mainspring.http.media import parse_media_type
from mainspring.openapi.builders import built
from mainspring.openapi.descriptions import BodyDescription, MediaDescription, ParameterDescription
from mainspring.openapi.errors import DeclarationError
from mainspring.openapi.kinds import is_stream
from mainspring.openapi.parameters import MISSING, BodyMarker

__all__ = ["body_from_parameter", "form_of_fields"]

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def body_from_parameter(
    parameter: ParameterDescription,
    marker: BodyMarker | None,
    body_spec: Mapping[str, Any],
    spec: Mapping[str, Any],
    place: str,
) -> BodyDescription:
    """The body that one parameter takes; what the marker says wins over the operation's spec.

    Raises:
        DeclarationError: A media type is none.
    """
    said = marker or BodyMarker()
    content = built(said.content if said.content is not None else body_spec.get("content"))
    stream = said.stream or (parameter.annotation is not MISSING and is_stream(parameter.annotation))
    if not content:
        content = {said.media_type or ("*/*" if stream else "application/json"): {}}
    media = {name: _media(name, entry, said, place) for name, entry in content.items()}
    limits = [entry.entry.get("x-limit") for entry in media.values()]
    return BodyDescription(
        parameter=parameter,
        fields=(),
        media=media,
        annotation=parameter.annotation,
        required=parameter.required,
        description=said.description or body_spec.get("description"),
        options=said.options,
        stream=stream or all(entry.parser == "stream" for entry in media.values()),
        limit=next((limit for limit in (spec.get("x-limit"), *limits) if limit is not None), None),
    )


def form_of_fields(fields: tuple[ParameterDescription, ...], spec: Mapping[str, Any]) -> BodyDescription:
    """The form whose fields are parameters; files need multipart, plain fields are read from both sorts of forms."""
    files = any(field.source == "file" for field in fields)
    media = (MULTIPART,) if files else (URL_ENCODED, MULTIPART)
    return BodyDescription(
        parameter=None,
        fields=fields,
        media={name: MediaDescription() for name in media},
        annotation=MISSING,
        required=any(field.required for field in fields),
        limit=spec.get("x-limit"),
    )


def _media(name: str, entry: Any, said: BodyMarker, place: str) -> MediaDescription:
    if parse_media_type(name) is None:
        raise DeclarationError(place, f"{name!r} is no media type; write one such as 'application/json'")
    found = dict(entry or {})
    schema = found.get("schema", said.schema)
    return MediaDescription(schema=schema, parser=found.get("x-parser"), entry=found)
