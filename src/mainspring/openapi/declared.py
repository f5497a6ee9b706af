"""Schemas written by hand: verified when they are declared, checked at every value.

Where a declared schema stands beside an annotated type, the schema is checked and the type is what the value becomes.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mainspring.openapi.check_options import CheckOptions, OwnKeyword
from mainspring.openapi.checking import check, check_async
from mainspring.openapi.coercion import coerce
from mainspring.openapi.encoding import encode_json
from mainspring.openapi.errors import DocumentError, MalformedJsonError, SchemaViolation, Violation
from mainspring.openapi.formats import FORMATS
from mainspring.openapi.json_codecs import DEPTH_LIMIT, JsonCodec, decode_json
from mainspring.openapi.parameters import MISSING
from mainspring.openapi.references import follow_pointer

__all__ = ["SchemaCodec", "body_codec", "schema_codec", "verify_schema"]

_SUBSCHEMAS = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPPINGS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")


class SchemaCodec:
    """Values that are checked against a declared schema.

    Attributes:
        is_async: Whether own keywords of the schema are asynchronous; the ``a…`` methods then are the ones that work.

    Raises:
        DocumentError: A reference names nothing, or a format is unknown.
    """

    def __init__(
        self,
        schema: Any,
        annotation: Any = MISSING,
        *,
        check_options: CheckOptions | None = None,
        unknown_formats: tuple[str, ...] = (),
        depth: int | None = DEPTH_LIMIT,
        **model_options: Any,
    ) -> None:
        self.schema = schema
        self._options = check_options or CheckOptions()
        self._depth = depth
        verify_schema(schema, self._options, unknown_formats=unknown_formats)
        self._typed = None if annotation is MISSING or annotation is Any else JsonCodec(annotation, **model_options)
        names = set(_keywords_of(schema, self._options, set()))
        self.is_async = any(_is_async(keyword) for name, keyword in self._options.keywords.items() if name in names)
        self.encode: Callable[[Any], bytes] = encode_json

    def decode(self, data: bytes) -> Any:
        """The value of a JSON text.

        Raises:
            MalformedJsonError: It is no JSON text.
            SchemaViolation: It does not fit.
        """
        return self.convert(decode_json(data, depth=self._depth))

    def convert(self, plain: Any) -> Any:
        """The value of plain data.

        Raises:
            SchemaViolation: It does not fit.
        """
        try:
            violations = check(plain, self.schema, self._options)
        except RecursionError as error:
            raise MalformedJsonError("it nests too deeply") from error
        if violations:
            raise SchemaViolation(violations)
        return plain if self._typed is None else self._typed.convert(plain)

    def convert_text(self, tree: Any) -> Any:
        """The value of a tree of texts, coerced as the schema wants."""
        return self.convert(coerce(tree, self.schema, self._options.document))

    def violations(self, plain: Any) -> list[Violation]:
        """Everything by which plain data does not fit; empty when it fits."""
        return check(plain, self.schema, self._options)

    async def adecode(self, data: bytes) -> Any:
        """Like `decode`, awaiting own keywords."""
        return await self.aconvert(decode_json(data, depth=self._depth))

    async def aconvert(self, plain: Any) -> Any:
        """Like `convert`, awaiting own keywords."""
        violations = await check_async(plain, self.schema, self._options)
        if violations:
            raise SchemaViolation(violations)
        return plain if self._typed is None else self._typed.convert(plain)

    async def aconvert_text(self, tree: Any) -> Any:
        """Like `convert_text`, awaiting own keywords."""
        return await self.aconvert(coerce(tree, self.schema, self._options.document))


def schema_codec(schema: Any, annotation: Any = MISSING, **options: Any) -> SchemaCodec:
    """The codec of a declared schema.

    Args:
        schema: The schema, or a ``$ref`` to one.
        annotation: What a value that fits becomes; plain data without it.
        options: ``check_options``, ``unknown_formats`` (accepted unchecked) and ``depth``; the others are options of a
            model's ``json_schema``.

    Raises:
        DocumentError: A reference names nothing, or a format is unknown.
    """
    return SchemaCodec(schema, annotation, **options)


def body_codec(
    annotation: Any,
    *,
    check_options: CheckOptions | None = None,
    depth: int | None = DEPTH_LIMIT,
    **model_options: Any,
) -> JsonCodec | SchemaCodec:
    """The codec of a type as a body: one that checks own keywords and formats where the type's schema has any.

    Args:
        annotation: The type.
        check_options: Own keywords and formats, and the document of references.
        depth: Levels of untyped data.
        model_options: The options of a model's ``json_schema``.

    Raises:
        AnnotationError: Values of the type have no JSON form.
    """
    codec = JsonCodec(annotation, depth=depth, check_options=check_options, **model_options)
    if check_options is None or not (check_options.keywords or check_options.formats):
        return codec
    schema, document = codec.plain_schema()
    options = CheckOptions({**check_options.document, **document}, check_options.formats, check_options.keywords)
    for found in _walk(schema, schema, options.document, set(), "schema"):
        if options.keywords.keys() & found.keys() or found.get("format") in options.formats:
            return SchemaCodec(schema, annotation, check_options=options, depth=depth, **model_options)
    return codec


def verify_schema(
    schema: Any, options: CheckOptions | None = None, *, unknown_formats: tuple[str, ...] = (), place: str = "schema"
) -> None:
    """Follow every reference and know every format, once.

    Raises:
        DocumentError: A reference names nothing, or a format is neither known nor among ``unknown_formats``.
    """
    known = options or CheckOptions()
    for found in _walk(schema, schema, known.document, set(), place):
        name = found.get("format")
        if isinstance(name, str) and not (name in FORMATS or name in known.formats or name in unknown_formats):
            reason = f"the format {name!r} is unknown; add it to validation.formats or validation.unknown_formats"
            raise DocumentError(place, reason)


def _walk(
    schema: Any, root: Any, document: Mapping[str, Any], seen: set[int], place: str
) -> Iterator[Mapping[str, Any]]:
    """The schema and all within it, references followed."""
    if not isinstance(schema, Mapping) or id(schema) in seen:
        return
    seen.add(id(schema))
    yield schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        yield from _walk(_target(reference, (root, document), place), root, document, seen, place)
    inner = [schema[name] for name in _SUBSCHEMAS if name in schema]
    inner += [member for name in _LISTS if name in schema for member in schema[name]]
    inner += [member for name in _MAPPINGS if isinstance(schema.get(name), Mapping) for member in schema[name].values()]
    for member in inner:
        yield from _walk(member, root, document, seen, place)


def _target(reference: str, documents: tuple[Any, ...], place: str) -> Any:
    for document in documents:
        try:
            return follow_pointer(document, reference)
        except KeyError:
            continue
    raise DocumentError(place, f"the reference {reference!r} names nothing; add it to the components")


def _keywords_of(schema: Any, options: CheckOptions, seen: set[int]) -> Iterator[str]:
    for found in _walk(schema, schema, options.document, seen, "schema"):
        yield from found


def _is_async(keyword: OwnKeyword) -> bool:
    call = type(keyword.validate).__call__ if not inspect.isroutine(keyword.validate) else keyword.validate
    return inspect.iscoroutinefunction(call)
