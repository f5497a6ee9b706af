"""JSON to values of a type and back, worked out once per type.

The success path of a text is one pass of msgspec. After a failure, and only then, the plain data is walked along the
schema of the type, and every violation is listed.
"""

import re
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any, get_origin

import msgspec

from mainspring.openapi.caching import remembered
from mainspring.openapi.check_options import CheckOptions
from mainspring.openapi.checking import TooManyPlacesError, check
from mainspring.openapi.coercion import coerce
from mainspring.openapi.conversion import Conversion
from mainspring.openapi.encoding import encode_json, to_plain
from mainspring.openapi.errors import MalformedJsonError, SchemaViolation, Violation
from mainspring.openapi.kinds import bare, non_null
from mainspring.openapi.parameters import MISSING
from mainspring.openapi.references import pointer_escape
from mainspring.openapi.stated_types import StatedTypes

__all__ = ["DEPTH_LIMIT", "JsonCodec", "codec_of_type", "decode_json", "encode_json", "json_codec"]

DEPTH_LIMIT = 100
"""Levels of untyped JSON that are read: far more than people write, far less than what exhausts a stack."""

_POSITION = r"(?s)^(?:JSON is malformed: )?(.*?)(?: \(byte (\d+)\))?$"
_TEXT = rb'"[^"]*"?'
_ONE_SORT = bytes.maketrans(b"{}", b"[]")
_NO_STRUCTURE = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_TYPED_FAULT = r"(?s)^(?:Expected `(?P<type>[^`]*)`|.*?)(?:, got .*?)?(?: - at `(?P<path>[^`]*)`)?$"
_STEP = r"\.([^.\[]+)|\[(\d+|\.\.\.)\]"
_STEP_OF_BRACKET = {ord("["): 1, ord("]"): -1}
#: Levels taken off before what is left is counted bracket by bracket: most texts have no more.
_PEELED = 8
#: Places of a value that are looked at to list what is wrong with it: a fifth of a second's work, in which nobody else
#: is served. Of what is larger, only what the decoder stumbled over is told.
_PLACES = 20_000
_ELEMENTS = ("items", "prefixItems")
_JSON_NAMES = {
    "int": "integer",
    "float": "number",
    "str": "string",
    "bool": "boolean",
    "null": "null",
    "array": "array",
}

_any_decoder = msgspec.json.Decoder()


def decode_json(data: bytes, *, depth: int | None = DEPTH_LIMIT) -> Any:
    """The plain value of a JSON text. ``depth`` is the most levels of brackets, ``None`` for what the stack holds.

    Raises:
        MalformedJsonError: It is no JSON text, or nests too deeply.
    """
    _check_text(data, depth)
    try:
        return _any_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(error, data) from error


class JsonCodec:
    """JSON texts to values of one type and back. Immutable; used by many requests at the same time.

    Attributes:
        annotation: The type.
        decode: Bytes to a value. Raises `MalformedJsonError` and `SchemaViolation`.
        encode: A value to bytes. Raises ``TypeError`` for what has no JSON form.
    """

    __slots__ = ("_conversion", "_decode", "_depth", "_extra", "_fill", "_options", "annotation", "encode")

    def __init__(
        self,
        annotation: Any,
        *,
        depth: int | None = DEPTH_LIMIT,
        check_options: CheckOptions | None = None,
        extra_keywords: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.annotation = Any if annotation is MISSING else annotation
        self._conversion = Conversion(self.annotation, options)
        self._extra = dict(extra_keywords or {})
        self._decode = self._conversion.json_decoder().decode
        self._fill = self._conversion.fill
        self._depth = depth if self._conversion.has_untyped_parts else None
        self._options = check_options or CheckOptions()
        self.encode: Callable[[Any], bytes] = encode_json

    def decode(self, data: bytes) -> Any:
        """The value of a JSON text.

        Raises:
            MalformedJsonError: It is no JSON text, or nests too deeply where its type says nothing of it.
            SchemaViolation: It does not fit the type; lists every violation.
        """
        _check_text(data, self._depth)
        try:
            value = self._decode(data)
            if self._fill is not None:
                self._fill(value)
            return value
        except SchemaViolation:
            if self._conversion.is_adapter:
                raise
        except msgspec.ValidationError as error:
            _let_through(error)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise malformed(error, data) from error
        return self.convert(decode_json(data, depth=None))

    @property
    def decode_ascii(self) -> Callable[[bytes], Any]:
        """The same for texts of nothing but ASCII, at the least cost; what it raises, `decode` words."""
        return self._decode if self._depth is None and self._fill is None else self.decode

    def convert(self, plain: Any) -> Any:
        """The value of plain JSON data.

        Raises:
            SchemaViolation: It does not fit the type; lists every violation.
        """
        try:
            value = self._conversion.convert(plain)
        except SchemaViolation as error:
            if self._conversion.is_adapter:
                raise
            fault: Exception = error
        except msgspec.ValidationError as error:
            _let_through(error)
            fault = error
        else:
            if self._extra and check(plain, self._extra):
                raise SchemaViolation(self.violations(plain))
            return value
        return self._explained(plain, fault)

    def convert_text(self, tree: Any) -> Any:
        """The value of a tree of texts (of a form, or of a query with brackets), coerced as the type wants.

        Raises:
            SchemaViolation: It does not fit the type; lists every violation.
        """
        schema, document = self.plain_schema()
        return self.convert(coerce(tree, schema, document))

    def collected(self, values: list[Any]) -> Any:
        """A collection of values that are of the element's type already.

        Raises:
            SchemaViolation: There are too few of them, or too many, or some twice.
        """
        found = check(values, {key: limit for key, limit in self._collection_schema().items() if key not in _ELEMENTS})
        if found:
            raise SchemaViolation(found)
        return msgspec.convert(values, get_origin(bare(non_null(self.annotation))) or list)

    def _collection_schema(self) -> dict[str, Any]:
        schema = {key: value for key, value in self._conversion.schema.items() if key != "uniqueItems"}
        return {**schema, **self._extra}

    def violations(self, plain: Any, *, places: int | None = None) -> list[Violation]:
        """Everything by which plain data does not fit the type; empty when it fits.

        Args:
            plain: The data.
            places: How many places of it are looked at, at most; ``None`` for all.

        Raises:
            TooManyPlacesError: There are more.
        """
        schema = self._conversion.schema if not self._extra else {"allOf": [self._conversion.schema, self._extra]}
        return check(plain, schema, self._with_definitions(), places)

    def result_violations(self, value: Any) -> list[Violation]:
        """Everything by which a result, as it would be sent, does not fit the schema that the document shows.

        Raises:
            TypeError: Something in it has no JSON form.
        """
        schema, document = self.plain_schema()
        plain = msgspec.to_builtins(value, str_keys=True, enc_hook=to_plain)
        return check(plain, schema, CheckOptions(document, self._options.formats, self._options.keywords))

    def plain_schema(self) -> tuple[Any, Mapping[str, Any]]:
        """The schema of the type as the document shows it, and the document that its references lead into."""
        return self._conversion.text_schema

    def _explained(self, plain: Any, fault: Exception) -> Any:
        """Raise with all violations; what only msgspec refuses although it fits (``1.0`` for an int) converts."""
        try:
            found = self.violations(plain, places=_PLACES)
        except RecursionError as error:
            raise MalformedJsonError("it nests too deeply") from error
        except TooManyPlacesError:
            found = []
        if not found:
            normal = _whole_floats_as_integers(plain)
            try:
                return self._conversion.convert(normal)
            except (SchemaViolation, msgspec.ValidationError) as error:
                found = [*error.violations] if isinstance(error, SchemaViolation) else [_from_text(str(error))]
        raise SchemaViolation(found) from (None if isinstance(fault, SchemaViolation) else fault)

    def _with_definitions(self) -> CheckOptions:
        known = self._options
        return CheckOptions(self._conversion.document, known.formats, known.keywords)


def json_codec(annotation: Any, **options: Any) -> JsonCodec:
    """The codec of a type.

    Args:
        annotation: Any type of which values are decoded: see `SchemaBuilder`. ``MISSING`` is ``Any``.
        options: ``depth`` (levels of untyped data), ``check_options``; the others are the options of a model's
            ``json_schema``, ``partial`` and ``exclude`` say, and hold for the Mainspring models in the type.

    Raises:
        AnnotationError: Values of the type have no JSON form, or an option is for Mainspring models and there is none.
    """
    return JsonCodec(annotation, **options)


@remembered
def codec_of_type(annotation: Any) -> JsonCodec:
    """The codec of a type that stands in a hand-written schema, made once."""
    return JsonCodec(annotation)


def malformed(error: Exception, data: bytes) -> MalformedJsonError:
    """What a decoder's complaint about a JSON text means, with the position where it is known."""
    if isinstance(error, RecursionError):
        return MalformedJsonError("it nests too deeply")
    if isinstance(error, UnicodeDecodeError):
        return MalformedJsonError("it is no UTF-8", error.start if error.object == data else None)
    match = re.match(_POSITION, str(error))
    if match is None:
        return MalformedJsonError(str(error))
    if "truncated" in match[1]:
        return MalformedJsonError("it ends too early, or has an incomplete escape", len(data))
    return MalformedJsonError(match[1], int(match[2]) if match[2] else None)


def _let_through(error: msgspec.ValidationError) -> None:
    """Raise what is no fault of the data: a ``TypeError`` in a model's own check is the model's."""
    cause = error.__cause__
    if isinstance(cause, TypeError) and not isinstance(cause, ValueError):
        raise cause


def _check_text(data: bytes, depth: int | None) -> None:
    """Refuse what the decoder would not see: bytes it skips unread, and depth it has no limit for."""
    if not data.isascii():
        try:
            str(data, "utf-8")
        except UnicodeDecodeError as error:
            raise malformed(error, data) from error
    if depth is not None and data.count(b"[") + data.count(b"{") > depth and _is_deeper(data, depth):
        raise MalformedJsonError(f"it nests deeper than {depth} levels")


def _is_deeper(data: bytes, limit: int) -> bool:
    """Whether brackets outside texts nest deeper than a limit. A few passes in C each, since this may be a megabyte.

    Escapes go first, then all but quotes and brackets; two quotes side by side are a text without brackets, or the end
    of one and the beginning of the next, and in both cases what is inside and outside stays the same without them.
    """
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"").translate(_ONE_SORT, _NO_STRUCTURE).replace(b'""', b"")
    brackets = re.sub(_TEXT, b"", plain) if b'"' in plain else plain
    for _ in range(min(_PEELED, limit)):
        peeled = brackets.replace(b"[]", b"")  # the innermost ones: one level less
        if not peeled:
            return False
        if len(peeled) == len(brackets):  # they do not fit together; the decoder says where, unless it is a bomb
            break
        brackets, limit = peeled, limit - 1
    return any(map(limit.__lt__, accumulate(map(_STEP_OF_BRACKET.__getitem__, brackets))))


def _whole_floats_as_integers(plain: Any) -> Any:
    if isinstance(plain, float) and plain.is_integer():
        return int(plain)
    if isinstance(plain, dict):
        return {key: _whole_floats_as_integers(item) for key, item in plain.items()}
    if isinstance(plain, list):
        return [_whole_floats_as_integers(item) for item in plain]
    return plain


def _from_text(text: str) -> Violation:
    """The violation that a message of msgspec says, for the rare case that only msgspec sees one."""
    match = re.match(_TYPED_FAULT, text)
    path = ""
    if match is not None and match["path"]:
        steps = (step[0] or step[1] for step in re.findall(_STEP, match["path"]))
        path = "".join(f"/{pointer_escape(step)}" for step in steps if step != "...")
    wanted = _JSON_NAMES.get((match["type"] or "").partition(" ")[0]) if match is not None else None
    message = text.partition(" - at `")[0]
    if wanted is not None:
        return Violation(path, "type", f"must be {wanted}", {"type": wanted})
    return Violation(path, "value_error" if not text.startswith("Invalid") else "format", message)


StatedTypes.codec_of = staticmethod(codec_of_type)
