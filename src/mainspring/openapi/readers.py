"""One parameter of an operation: from what the request has under its name to the value the handler gets.

All rules of presence stand here: what counts as missing, what an empty value means, how lists are spelt.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mainspring.http.queries import IndexedList
from mainspring.openapi.adapters import adapter_of
from mainspring.openapi.check_options import CheckOptions
from mainspring.openapi.checking import check
from mainspring.openapi.coercion import coerce
from mainspring.openapi.descriptions import ParameterDescription
from mainspring.openapi.errors import AnnotationError, MalformedJsonError, SchemaViolation, Violation
from mainspring.openapi.json_codecs import decode_json
from mainspring.openapi.parameters import MISSING
from mainspring.openapi.scalars import type_violation
from mainspring.openapi.schema_types import annotation_of_schema, keywords_of_schema
from mainspring.openapi.text_codecs import TextCodec, text_codec

__all__ = ["MissingParameterError", "ParameterReader", "parameter_reader"]

_SEPARATORS = {"form": ",", "simple": ",", "pipeDelimited": "|", "spaceDelimited": " "}


class MissingParameterError(SchemaViolation):
    """A required parameter is not there, or empty.

    Remedy:
        Send the parameter, or declare a default for it; the answer is a 400.
    """

    code = "MISSING_REQUIRED_PARAMETER"
    status = 400

    def __init__(self, name: str) -> None:
        super().__init__(
            [Violation("", "required", f"Required parameter {name} is missing", {"missingProperty": name})]
        )
        self.args = (name,)
        self.name = name


class ParameterReader:
    """How one parameter is read.

    Attributes:
        scalar: One text, not empty and sent once, to a value; ``None`` for lists and objects. The quick way: what it
            raises, `read` raises too.
        kind: ``scalar``, ``list`` or ``object``.

    Raises:
        AnnotationError: Values of its type cannot be read from its part of the request.
    """

    def __init__(
        self, description: ParameterDescription, *, place: str = "", check_options: CheckOptions | None = None
    ) -> None:
        self.description = description
        self._options = check_options or CheckOptions()
        self._objects: Callable[[Any, bool], Any] | None = _model_role(description)
        try:
            self._codec = self._make_codec()
        except AnnotationError as error:
            raise AnnotationError(f"{place}, parameter {description.name!r}", error.reason) from error
        self.kind = "object" if self._objects is not None else self._codec.kind
        self.scalar: Callable[[str], Any] | None = self._codec.decode if self.kind == "scalar" else None
        self._split = self._separator()

    def read(self, texts: Sequence[str], tree: Any = None) -> Any:
        """The value of what was sent.

        Args:
            texts: The values sent under the name, decoded; empty when there are none. Of a header the lines.
            tree: What was sent with brackets, ``None`` when nothing was.

        Raises:
            MissingParameterError: It is required and there is nothing, or nothing but an empty value.
            SchemaViolation: What is there is no value of the type.
        """
        if tree is None and not any(texts):
            return self._without_value(texts)
        if self.kind == "list":
            return self._read_list(texts, tree)
        if self.kind == "object":
            return self._read_object(texts, tree)
        if self.description.source == "header":
            return self._codec.decode(", ".join(texts))
        if tree is not None or len(texts) > 1:
            raise _sent_twice() if tree is None else type_violation("string")
        return self._codec.decode(texts[0])

    def default(self) -> Any:
        """What an absent parameter gets.

        Raises:
            MissingParameterError: It is required.
        """
        description = self.description
        if description.required:
            raise MissingParameterError(description.wire_name)
        if description.default_factory is not None:
            return description.default_factory()
        return None if description.default is MISSING else description.default

    # -- presence

    def _without_value(self, texts: Sequence[str]) -> Any:
        """What absence, or one or more empty values, mean."""
        if not texts or self.description.required:
            return self.default()
        if self.kind == "object":
            if len(texts) > 1:
                raise _sent_twice()
            return None
        if self.kind == "list":
            return self._read_list(texts, None)
        if len(texts) > 1 and self.description.source != "header":
            raise _sent_twice()
        if self._codec.takes_text:
            return self._codec.decode("")
        value = self._codec.decode("")  # raises for every type but an enum that has an empty member
        if value == b"":
            raise type_violation("string", format="byte")
        return value

    # -- lists and objects

    def _read_list(self, texts: Sequence[str], tree: Any) -> Any:
        elements: list[Any] = list(texts)
        if self._split is not None:
            parts = [part for text in texts for part in text.split(self._split)]
            elements = [part.strip() for part in parts] if self.description.source == "header" else parts
        if isinstance(tree, list):
            elements += tree
        elif tree is not None:
            raise type_violation("array")
        return self._codec.decode_list(elements)

    def _read_object(self, texts: Sequence[str], tree: Any) -> Any:
        if len(texts) > 1 or (texts and tree is not None):
            raise _sent_twice()
        if isinstance(tree, IndexedList) and all(tree.indexes):  # names that happen to be numbers
            tree = dict(zip(tree.indexes, tree, strict=True))
        if tree is not None and not isinstance(tree, Mapping):
            raise type_violation("object")
        if self._objects is None:
            value = self._codec.decode(texts[0]) if texts else self._codec.decode_tree(tree)
        else:
            value = self._objects(tree, True) if tree is not None else self._objects(_json_object(texts[0]), False)
        if value is None and self.description.required:
            raise MissingParameterError(self.description.wire_name)
        return value

    def _separator(self) -> str | None:
        """What lists are split at, ``None`` when names are repeated instead."""
        description = self.description
        style = description.style
        if description.source in ("header", "path"):
            return ","
        exploded = description.explode if description.explode is not None else style in (None, "form", "deepObject")
        return None if exploded else _SEPARATORS.get(style or "form", ",")

    # -- types

    def _make_codec(self) -> TextCodec:
        description = self.description
        if self._objects is not None:
            return text_codec(dict)
        constraints = dict(description.constraints)
        schema = description.schema
        if isinstance(schema, Mapping):
            constraints = {**keywords_of_schema(schema, self._options.document), **constraints}
        if description.format is not None:
            constraints["format"] = description.format
        if description.annotation is not MISSING or not isinstance(schema, Mapping):
            return text_codec(description.annotation, constraints)
        annotation = annotation_of_schema(schema, self._options.document)
        if annotation is dict:
            self._objects = self._by_schema(schema)
        return text_codec(annotation, constraints if annotation is not dict else {})

    def _by_schema(self, schema: Mapping[str, Any]) -> Callable[[Any, bool], Any]:
        """Objects that only a declared schema speaks of."""
        options = self._options

        def read(value: Any, text: bool) -> Any:
            plain = coerce(value, schema, options.document) if text else value
            violations = [] if plain is None else check(plain, schema, options)
            if violations:
                raise SchemaViolation(violations)
            return plain

        return read


def parameter_reader(description: ParameterDescription, **options: Any) -> ParameterReader:
    """The reader of a described parameter.

    Args:
        description: Of `describe_handler`.
        options: ``place`` (for messages), ``check_options`` (the document for references, own formats and keywords).

    Raises:
        AnnotationError: Values of its type cannot be read from its part of the request.
    """
    return ParameterReader(description, **options)


def _model_role(description: ParameterDescription) -> Callable[[Any, bool], Any] | None:
    """The decoding of a model's filter or condition."""
    marker = description.marker
    if marker is None or marker.role is None:
        return None
    adapter = adapter_of(marker.model)
    if adapter is None:
        raise AnnotationError(f"param.{marker.role}", f"{marker.model!r} is no Mainspring model; use param.query")
    if marker.role == "where":
        return lambda value, text: None if value is None else adapter.decode_where(value, text=text)
    exclude = marker.exclude
    return lambda value, text: None if value is None else adapter.decode_filter(value, text=text, exclude=exclude)


def _json_object(text: str) -> Any:
    try:
        plain = decode_json(text.encode("utf-8", "surrogatepass"))
    except MalformedJsonError as error:
        place = "" if error.position is None else f" at position {error.position}"
        info = {"type": "object", "syntaxError": f"{error.reason}{place}"}
        raise SchemaViolation([Violation("", "type", "must be object (as JSON text)", info)]) from error
    if plain is not None and not isinstance(plain, dict):
        raise type_violation("object")
    return plain


def _sent_twice() -> SchemaViolation:
    return SchemaViolation([Violation("", "type", "must be sent once", {})])
