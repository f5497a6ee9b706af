"""What a body is worth to an operation: its media type picks a parser, the parser gives plain data, the type the value.

Made once per operation. JSON into a type, the common case, is one pass over the bytes and asks no parser.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from mainspring.http import HttpErrors, MediaType, parse_media_type, parse_size
from mainspring.openapi.codecs import JsonCodec, SchemaCodec, body_codec, parameter_reader, schema_codec
from mainspring.openapi.descriptions import BodyDescription, HandlerDescription, MediaDescription, ParameterDescription
from mainspring.openapi.errors import DocumentError, MalformedJsonError, SchemaViolation, Violation
from mainspring.openapi.kinds import bare, is_stream, non_null, union_members
from mainspring.openapi.parameters import MISSING
from mainspring.openapi.readers import MissingParameterError
from mainspring.rest.arguments import ParameterFailures
from mainspring.rest.bodies import json_value, malformed_body
from mainspring.rest.errors import RegistrationError
from mainspring.rest.exchange import Exchange
from mainspring.rest.forms import Form, form_limit
from mainspring.rest.parsers import BUILT_IN_NAMES, JsonBodyParser, Parsers
from mainspring.rest.requests import Request
from mainspring.rest.validating import Validation

__all__ = ["BodyPlan"]

_RAW = (bytes, bytearray, memoryview)


class _Medium:
    """One accepted media type with the codec of its values."""

    __slots__ = ("codec", "description", "pattern")

    def __init__(self, pattern: MediaType, description: MediaDescription, codec: Any) -> None:
        self.pattern = pattern
        self.description = description
        self.codec = codec

    def matches(self, actual: MediaType) -> int:
        """How exactly it matches; 0 for not at all."""
        if not self.pattern.matches(actual):
            return 0
        return 1 + 2 * (self.pattern.type != "*") + 4 * ("*" not in self.pattern.subtype)


class BodyPlan:
    """How the body of one operation is read.

    Raises:
        RegistrationError: An ``x-parser`` names no parser.
        AnnotationError: Values of the type cannot be decoded.
        DocumentError: A reference in a schema names nothing.
    """

    def __init__(self, description: HandlerDescription, validation: Validation) -> None:
        body = description.body
        assert body is not None
        self.body: BodyDescription = body
        self._place = description.place
        self._validation = validation
        self._media = [self._medium(name, entry) for name, entry in body.media.items()]
        self._accepted = ", ".join(body.media)
        self._fields = [_Field(parameter, description.place, validation) for parameter in body.fields]
        self._limit = None if body.limit is None else parse_size(body.limit)
        self._wants_bytes = body.annotation is not MISSING and bare(non_null(body.annotation)) in _RAW
        self._wants_pieces = body.annotation is not MISSING and is_stream(body.annotation)

    def _medium(self, name: str, entry: MediaDescription) -> _Medium:
        pattern = parse_media_type(name)
        assert pattern is not None  # checked by the description
        parser = entry.parser
        if isinstance(parser, str) and parser not in BUILT_IN_NAMES and not self._validation.knows_parser(parser):
            known = ", ".join(BUILT_IN_NAMES)
            raise RegistrationError(
                self._place, f"x-parser names {parser!r}, which is no body parser; known are {known}"
            )
        try:
            return _Medium(pattern, entry, self._codec(entry))
        except DocumentError as error:
            raise DocumentError(f"{self._place}, {name}", error.reason) from None

    def _codec(self, entry: MediaDescription) -> JsonCodec | SchemaCodec | None:
        body = self.body
        if body.stream or entry.parser == "stream":
            return None
        annotation = body.annotation
        if annotation is not MISSING and bare(non_null(annotation)) in _RAW:
            return None
        if entry.schema is not None:
            return schema_codec(
                entry.schema,
                annotation,
                check_options=self._validation.check_options,
                unknown_formats=self._validation.unknown_formats,
            )
        if annotation is MISSING:
            return None
        return body_codec(non_null(annotation), check_options=self._validation.check_options, **body.options)

    # Reading

    def plain_json(self, plan: Any) -> tuple[Callable[[bytes], Any], int] | None:
        """How a body of JSON in ASCII is decoded, and how long it may be; ``None`` where it takes `read`.

        What the decoder refuses, and what is shorter than a value of the type, is for `read` too.
        """
        entry = self.body.media.get("application/json")
        if self.body.parameter is None or entry is None or entry.parser is not None or self.body.stream:
            return None
        codec = next(medium.codec for medium in self._media if medium.description is entry)
        plain = not self._validation.prohibited and plan.parsers.reads_json_itself
        limit = self._limit_of(plan.body_options, "json", plan.body_limit)
        return (codec.decode_ascii, limit) if plain and isinstance(codec, JsonCodec) and limit is not None else None

    async def read(self, exchange: Exchange, values: dict[str, Any]) -> None:
        """Put what the body says into the values.

        Raises:
            HttpError: 400, 413, 415 or 422.
        """
        request = exchange.request
        if request is None:
            request = exchange.request = Request(exchange)
        text = request.content_type()
        if text is None and not await _has_body(request):
            self._absent(values)
            return
        medium, actual = self._choose(text)
        if medium is None:
            if not await _has_body(request):
                self._absent(values)
                return
            raise self._unsupported(text)
        if self.body.parameter is None:
            await self._read_fields(request, values)
            return
        value = await self._value(request, medium, actual)
        if value is MISSING:
            self._absent(values)
            return
        values[self.body.parameter.name] = value

    def _choose(self, text: str | None) -> tuple[_Medium | None, MediaType]:
        actual = parse_media_type(text or "application/json")
        if actual is None:
            return None, MediaType("", "")
        best = max(self._media, key=lambda medium: medium.matches(actual))
        return (best if best.matches(actual) else None), actual

    def _unsupported(self, text: str | None) -> Exception:
        what = "A body without Content-Type" if text is None else f"The media type {text!r}"
        return HttpErrors.UnsupportedMediaType(
            f"{what} is not accepted here; send {self._accepted}.",
            code="UNSUPPORTED_MEDIA_TYPE",
            headers={"Accept": self._accepted},
        )

    def _absent(self, values: dict[str, Any]) -> None:
        parameter = self.body.parameter
        if parameter is None:
            failures = ParameterFailures()
            for field in self._fields:
                field.take(Form([]), values, failures)
            failures.raise_any()
            return
        if self.body.required:
            entry = Violation("", "required", "must have a body", {"in": "body", "name": parameter.wire_name})
            raise HttpErrors.BadRequest(
                "Request body is required", code="MISSING_REQUIRED_PARAMETER", details=[entry.to_entry()]
            )
        default = parameter.default
        values[parameter.name] = None if default is MISSING else default

    async def _read_fields(self, request: Request, values: dict[str, Any]) -> None:
        self._set_limit(
            request, "multipart" if request.content_type() != "application/x-www-form-urlencoded" else "urlencoded"
        )
        form = await request.form()
        failures = ParameterFailures()
        for field in self._fields:
            field.take(form, values, failures)
        failures.raise_any()

    async def _value(self, request: Request, medium: _Medium, actual: MediaType) -> Any:
        """The value of the body, ``MISSING`` when there is none."""
        named = medium.description.parser
        if self.body.stream or named == "stream":
            self._set_limit(request, "stream")
            return request.stream() if self._wants_pieces else request
        parsers: Parsers = request.exchange.plan.parsers
        if self._wants_bytes and named is None:
            self._set_limit(request, "raw")
            return await request.body() or MISSING
        if named is None and request.parsed is not None:
            return await self._converted(request.parsed[0], medium, request.parsed[1])
        if named is None and parsers.reads_json_itself and JsonBodyParser().supports(actual.essence):
            return await self._json(request, medium)
        parser = await self._parser(request, named, actual.essence)
        self._set_limit(request, getattr(parser, "name", ""))
        if not await _has_body(request) and not isinstance(parser, Request):
            return MISSING
        plain = await _parsed(parser, request)
        return await self._converted(plain, medium, getattr(parser, "name", ""))

    async def _json(self, request: Request, medium: _Medium) -> Any:
        self._set_limit(request, "json")
        data = await request.body()
        if not data or (len(data) < 32 and data.strip() == b"null" and self._null_is_absence(medium)):
            return MISSING
        codec = medium.codec
        if codec is None or self._validation.prohibited or getattr(codec, "is_async", False):
            return await self._converted(json_value(data), medium, "json")
        try:
            return codec.decode(data)
        except MalformedJsonError as error:
            raise malformed_body(error.reason, error.position) from error
        except SchemaViolation as error:
            raise self._validation.refused(error) from error

    def _null_is_absence(self, medium: _Medium) -> bool:
        """Whether JSON ``null`` is no body: unless it is a value of the declared schema."""
        annotation = self.body.annotation
        if isinstance(medium.codec, SchemaCodec):
            try:
                medium.codec.convert(None)
            except SchemaViolation:
                return True
            return False
        return annotation is MISSING or bare(annotation) is not Any

    async def _parser(self, request: Request, named: Any, essence: str) -> Any:
        parsers: Parsers = request.exchange.plan.parsers
        if isinstance(named, str):
            return await parsers.named(request, named)
        if isinstance(named, type):
            return await request.exchange.plan.made(request.exchange, named)
        if named is not None:
            return named
        found = await parsers.find(request, essence)
        if found is None:
            message = f"The media type {essence!r} is not supported: there is no parser for it."
            raise HttpErrors.UnsupportedMediaType(
                message, code="UNSUPPORTED_MEDIA_TYPE", headers={"Accept": self._accepted}
            )
        return found

    async def _converted(self, plain: Any, medium: _Medium, parser: str) -> Any:
        if plain is None and self._null_is_absence(medium):
            return MISSING
        self._validation.check_keys(plain, "The request body")
        codec = medium.codec
        if codec is None or _is_made(plain, self.body.annotation):
            return plain
        is_text = parser in ("urlencoded", "multipart")
        try:
            if isinstance(codec, SchemaCodec) and codec.is_async:
                return await (codec.aconvert_text(plain) if is_text else codec.aconvert(plain))
            return codec.convert_text(plain) if is_text else codec.convert(plain)
        except MalformedJsonError as error:
            raise malformed_body(error.reason, error.position) from error
        except SchemaViolation as error:
            raise self._validation.refused(error) from error

    def _set_limit(self, request: Request, parser: str) -> None:
        """The limit of this body, set unless it is the common one."""
        reading = request.reading
        reading.limit = self._limit_of(request.exchange.plan.body_options, parser, reading.limit)

    def _limit_of(self, options: Mapping[str, Any], parser: str, common: int | None) -> int | None:
        """The operation's own limit, the parser's, the common one."""
        own = options.get(parser)
        limit = own.get("limit") if isinstance(own, Mapping) else None
        if self._limit is not None:
            return self._limit
        if limit is not None:
            return parse_size(limit)
        return form_limit(options) if parser == "multipart" else common


class _Field:
    """A field or file that is a parameter of its own."""

    __slots__ = ("_is_list", "parameter", "reader")

    def __init__(self, parameter: ParameterDescription, place: str, validation: Validation) -> None:
        self.parameter = parameter
        self._is_list = False
        if parameter.source == "file":
            self.reader: Any = None
            members = [bare(member) for member in union_members(parameter.annotation)]
            self._is_list = any(getattr(member, "__origin__", member) in (list, tuple) for member in members)
        else:
            self.reader = parameter_reader(parameter, place=place, check_options=validation.check_options)

    def take(self, form: Form, values: dict[str, Any], failures: ParameterFailures) -> None:
        """Put the value of the field into the values, or note why there is none."""
        parameter = self.parameter
        name = parameter.wire_name
        raw: str | None = None
        try:
            if self.reader is None:
                values[parameter.name] = self._file(form)
                return
            texts = form.texts(name)
            for suffix in ("[]",):
                texts += form.texts(name + suffix)
            raw = ", ".join(texts)
            values[parameter.name] = self.reader.read(texts, form.nested(name) if not texts else None)
        except SchemaViolation as error:
            failures.add(parameter, error, raw)

    def _file(self, form: Form) -> Any:
        parameter = self.parameter
        files = form.files(parameter.wire_name)
        if self._is_list and (files or parameter.default is MISSING):
            if not files and parameter.required:
                raise MissingParameterError(parameter.wire_name)
            if files:
                self._check_count(len(files))
            return files
        if not files:
            if parameter.required:
                raise MissingParameterError(parameter.wire_name)
            return None if parameter.default is MISSING else parameter.default
        if len(files) > 1:
            raise SchemaViolation([Violation("", "type", "must be sent once", {})])
        return files[0]

    def _check_count(self, count: int) -> None:
        given = self.parameter.constraints
        limits = {"minItems": given.get("minLength"), "maxItems": given.get("maxLength")}
        if any(limit is not None for limit in limits.values()):
            from mainspring.openapi.keywords import check_size  # noqa: PLC0415 - few operations limit files

            violations = list(check_size(count, limits, "", ("minItems", "maxItems", "files")))
            if violations:
                raise SchemaViolation(violations)


async def _has_body(request: Request) -> bool:
    """Whether there is a body at all; looked for in the head first, so that a refused one is not read."""
    exchange = request.exchange
    length = exchange.header(b"content-length")
    if length is not None:
        return length != b"0"
    if exchange.header(b"transfer-encoding") is not None:
        return True
    return bool(await request.body())


async def _parsed(parser: Any, request: Request) -> Any:
    parse = getattr(parser, "parse", parser)
    try:
        result = parse(request)
        return await result if inspect.isawaitable(result) else result
    except Exception as error:
        if getattr(error, "status", None) is not None or isinstance(error, ConnectionError):
            raise
        raise malformed_body(str(error).rstrip(".") or type(error).__name__) from error


def _is_made(plain: Any, annotation: Any) -> bool:
    """Whether a parser gave an instance of the wanted class already."""
    if annotation is MISSING or isinstance(plain, dict | list | str | int | float | bool | None):
        return False
    cls = bare(non_null(annotation))
    return isinstance(cls, type) and isinstance(plain, cls)
