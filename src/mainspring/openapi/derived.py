"""One operation of the document, derived from its handler's description, with the declared spec merged over it."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from mainspring.http.media import is_json, parse_media_type
from mainspring.openapi.adapters import adapter_of
from mainspring.openapi.answers import describe_responses
from mainspring.openapi.descriptions import BodyDescription, HandlerDescription, MediaDescription, ParameterDescription
from mainspring.openapi.errors import AnnotationError
from mainspring.openapi.failures import ErrorFormat, failures_of, with_statuses
from mainspring.openapi.kinds import bare, is_readable, is_stream, non_null
from mainspring.openapi.notes import MethodNotes
from mainspring.openapi.operations import ControllerDescription, OperationDeclaration
from mainspring.openapi.parameters import MISSING
from mainspring.openapi.schemas import SchemaBuilder
from mainspring.openapi.specs import resolved_models, resolved_schema

__all__ = ["DocumentedOperation", "derive_operation"]

_OPEN_OBJECT = {"type": "object", "additionalProperties": True}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class DocumentedOperation(Struct, frozen=True):
    """An operation as the document needs it: what its handler says, and what decorators say besides.

    ``name`` is the handler's, ``Controller.method`` or the function's; ``method`` is set for controllers only.
    """

    description: HandlerDescription
    name: str
    method: str | None = None
    controller: ControllerDescription | None = None
    tags: tuple[str, ...] = ()
    deprecated: bool = False
    visible: bool = True
    responses: tuple[tuple[int | str, tuple[Any, ...]], ...] = ()

    @staticmethod
    def of_declaration(declaration: OperationDeclaration, description: HandlerDescription) -> "DocumentedOperation":
        """The operation of a controller."""
        return DocumentedOperation(
            description=description,
            name=f"{declaration.owner.__name__}.{declaration.method_name}",
            method=declaration.method_name,
            controller=declaration.controller,
            tags=tuple(declaration.tags),
            deprecated=declaration.deprecated,
            visible=declaration.visible,
            responses=declaration.notes.responses,
        )

    @staticmethod
    def of_function(description: HandlerDescription, notes: MethodNotes | None = None) -> "DocumentedOperation":
        """The operation of a function route."""
        said = notes or MethodNotes()
        spec = description.spec
        visibility = spec.get("x-visibility") or said.visibility
        return DocumentedOperation(
            description=description,
            name=description.name,
            tags=tuple(dict.fromkeys((*spec.get("tags", ()), *(said.tags or ())))),
            deprecated=bool(spec.get("deprecated", said.deprecated)),
            visible=visibility != "undocumented",
            responses=said.responses,
        )


def derive_operation(
    operation: DocumentedOperation, builder: SchemaBuilder, error_format: ErrorFormat | None = None
) -> dict[str, Any]:
    """The operation object.

    Args:
        operation: What is known of it.
        builder: Where schemas are made.
        error_format: How the server words its own errors; ``None`` leaves them out.

    Raises:
        AnnotationError: A type cannot be described; it names the operation.
    """
    try:
        return _Derivation(operation, builder).operation(error_format)
    except AnnotationError as error:
        raise AnnotationError(operation.description.place, f"{error.place}: {error.reason}") from error


class _Derivation:
    def __init__(self, operation: DocumentedOperation, builder: SchemaBuilder) -> None:
        self.source, self.builder = operation, builder
        self.description = operation.description
        self.spec: dict[str, Any] = resolved_models(operation.description.spec, builder)

    def operation(self, error_format: ErrorFormat | None) -> dict[str, Any]:
        source, spec = self.source, self.spec
        found: dict[str, Any] = {**self._texts(), "operationId": source.name}
        tags = list(source.tags)
        if source.controller is not None:
            found["tags"] = tags or [source.controller.cls.__name__]
            found["x-controller-name"] = source.controller.cls.__name__
            found["x-operation-name"] = source.method
        elif tags:
            found["tags"] = tags
        parameters = self._parameters()
        if parameters:
            found["parameters"] = parameters
        body = self._body()
        if body is not None:
            found["requestBody"] = body
        if "responses" not in spec:  # a spec that says the responses says them all
            found["responses"] = self._responses(error_format)
        if source.deprecated:
            found["deprecated"] = True
        own = {
            key: value for key, value in spec.items() if key not in ("parameters", "requestBody", "tags", "deprecated")
        }
        if "responses" in own:
            own["responses"] = self._with_decorated(own["responses"])
        return {**found, **own}

    def _responses(self, error_format: ErrorFormat | None) -> dict[str, Any]:
        """What decorators and the return type say, and the errors of the framework."""
        source = self.source
        found = describe_responses(source.responses, self.description.returns, source.name, self.builder)
        if error_format is None:
            return found
        # As for replies: only what was declared is negotiated, not what a return type says.
        negotiates = any(
            str(status).startswith("2") and "content" in found[str(status)] for status, _ in source.responses
        )
        statuses = failures_of(self.description, negotiates=negotiates)
        return with_statuses(found, statuses, error_format, self.builder.components)

    def _with_decorated(self, responses: Mapping[str, Any]) -> dict[str, Any]:
        """The spec's responses, and those of decorators for other statuses."""
        plain = {str(status): response for status, response in responses.items()}
        if not self.source.responses:
            return plain
        others = [item for item in self.source.responses if str(item[0]) not in plain]
        declared = {str(status) for status, _ in others}
        found = describe_responses(others, MISSING, self.source.name, self.builder)
        return {**plain, **{status: response for status, response in found.items() if status in declared}}

    def _texts(self) -> dict[str, Any]:
        """Summary and description from the docstring: its first line, and the rest."""
        text = (self.description.documentation or "").strip()
        if not text:
            return {}
        first, _, rest = text.partition("\n")
        found = {"summary": first.strip()}
        return {**found, "description": rest.strip()} if rest.strip() else found

    # -- parameters

    def _parameters(self) -> list[dict[str, Any]]:
        wanted = [
            item
            for item in self.description.parameters
            if item.source in ("path", "query", "header", "cookie") and item.is_documented
        ]
        found = [self._parameter(item) for item in wanted]
        for name in self.description.template.variables:
            if not any(item["in"] == "path" and item["name"] == name for item in found):
                found.append({"name": name, "in": "path", "required": True, "schema": {"type": "string"}})
        for said in self.spec.get("parameters") or ():
            position = next((number for number, item in enumerate(found) if _same_parameter(item, said)), None)
            if position is None:
                found.append(said)
            else:
                found[position] = _merged_parameter(found[position], said)
        return found

    def _parameter(self, item: ParameterDescription) -> dict[str, Any]:
        found: dict[str, Any] = {"name": item.wire_name, "in": item.source}
        if item.required:
            found["required"] = True
        found.update(item.extras)
        for name, value in (("style", item.style), ("explode", item.explode)):
            if value is not None:
                found[name] = value
        schema, is_object = self._parameter_schema(item)
        if is_object:
            found["content"] = {"application/json": {"schema": schema}}
        else:
            found["schema"] = schema
        return found

    def _parameter_schema(self, item: ParameterDescription) -> tuple[dict[str, Any], bool]:
        model = self._model_schema(item)
        if model is not None:
            return model, True
        schema: dict[str, Any] = {"type": "string"}
        if item.annotation is not MISSING:
            # Absence says what `None` means: no text of a request is null, so the schema of what is sent has no null.
            schema = self.builder.schema(non_null(item.annotation))
        if item.schema is not None:
            given = resolved_schema(item.schema, self.builder)
            schema = given if item.annotation is MISSING or "$ref" in given else {**schema, **given}
        if item.format is not None:
            schema = {**schema, "format": item.format}
        names = _LIST_NAMES if schema.get("type") == "array" else {}
        schema = {**schema, **{names.get(name, name): value for name, value in item.constraints.items()}}
        is_object = _is_object(item, schema)
        if is_object and schema.get("type") == "object" and "properties" not in schema:
            schema = {**_OPEN_OBJECT, **schema}
        return _with_default(schema, item.default), is_object

    def _model_schema(self, item: ParameterDescription) -> dict[str, Any] | None:
        """The schema of a model's filter or condition."""
        adapter = adapter_of(item.marker.model) if item.marker is not None and item.marker.role is not None else None
        if adapter is None or item.marker is None:
            return None
        if item.marker.role == "where":
            return self.builder.components.inline(adapter.where_schema(exact=True))
        options = {"exclude": list(item.marker.exclude)} if item.marker.exclude else {}
        return self.builder.components.inline(adapter.filter_schema(exact=True, **options))

    # -- the body

    def _body(self) -> dict[str, Any] | None:
        said = self.spec.get("requestBody")
        body = self.description.body
        if body is None:
            return said
        if isinstance(said, Mapping) and "$ref" in said:
            return dict(said)
        found: dict[str, Any] = {}
        if body.description:
            found["description"] = body.description
        found["content"] = {name: self._content(name, entry, body) for name, entry in body.media.items()}
        if body.required:
            found["required"] = True
        extra = {key: value for key, value in (said or {}).items() if key not in ("content", "required")}
        return {**extra, **found}

    def _content(self, name: str, entry: MediaDescription, body: BodyDescription) -> dict[str, Any]:
        rest = {key: resolved_models(value, self.builder) for key, value in entry.entry.items() if key != "schema"}
        if entry.schema is not None:
            schema = resolved_schema(entry.schema, self.builder)
        elif body.fields:
            schema = self._form_schema(body.fields)
        else:
            schema = self._body_schema(name, body)
        return {"schema": schema, **rest}

    def _body_schema(self, name: str, body: BodyDescription) -> dict[str, Any]:
        if body.annotation is MISSING:
            return {}
        media_type = parse_media_type(name)
        raw = bare(non_null(body.annotation)) in (bytes, bytearray, memoryview) or is_stream(body.annotation)
        if raw and media_type is not None and not is_json(media_type):
            return {"type": "string", "format": "binary"}
        if body.stream or is_stream(body.annotation):
            return {}
        return self.builder.schema(non_null(body.annotation) if not body.required else body.annotation, **body.options)

    def _form_schema(self, fields: Iterable[ParameterDescription]) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        required: list[str] = []
        for item in fields:
            schema = _file_schema(item) if item.source == "file" else self._parameter_schema(item)[0]
            if item.extras.get("description"):
                schema = {**schema, "description": item.extras["description"]}
            if item.required:
                required.append(item.wire_name)
                if schema.get("type") == "array":  # a form has no empty list: a field that is sent no time is absent
                    schema = {"minItems": 1, **schema}
            properties[item.wire_name] = schema
        return {"type": "object", "properties": properties, **({"required": required} if required else {})}


_LIST_NAMES = {"minLength": "minItems", "maxLength": "maxItems"}


def _is_object(item: ParameterDescription, schema: Mapping[str, Any]) -> bool:
    """Whether a parameter is sent as JSON text: mappings and models, not scalars and lists."""
    if item.annotation is not MISSING and bare(item.annotation) is not Any:
        wanted = non_null(item.annotation)
        return not is_readable(wanted) and schema.get("type") != "array"
    return schema.get("type") == "object"


def _file_schema(item: ParameterDescription) -> dict[str, Any]:
    binary = {"type": "string", "format": "binary"}
    kind = bare(non_null(item.annotation)) if item.annotation is not MISSING else None
    origin = getattr(kind, "__origin__", kind)
    if origin not in (list, tuple, set):
        return binary
    limits = {_LIST_NAMES[name]: value for name, value in item.constraints.items() if name in _LIST_NAMES}
    return {"type": "array", "items": binary, **limits}


def _with_default(schema: dict[str, Any], default: Any) -> dict[str, Any]:
    if default is MISSING or default is None:
        return schema
    try:
        plain = msgspec.to_builtins(default)
    except Exception:  # a default without JSON form cannot be shown
        return schema
    return {"allOf": [schema], "default": plain} if "$ref" in schema else {**schema, "default": plain}


def _same_parameter(derived: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    return (said.get("name"), said.get("in")) == (derived["name"], derived["in"])


def _merged_parameter(derived: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What the spec says of a parameter over what is derived; ``schema`` and ``content`` exclude each other."""
    kept = {
        key: value for key, value in derived.items() if not (key in ("schema", "content") and _CARRIERS & said.keys())
    }
    return {**kept, **said}


_CARRIERS = frozenset({"schema", "content"})
