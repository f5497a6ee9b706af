"""Fluent builders for hand-written specs. A builder may stand wherever the mapping it builds may."""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "ComponentsSpecBuilder",
    "OpenApiSpecBuilder",
    "OperationSpecBuilder",
    "built",
    "components_spec",
    "openapi_spec",
    "operation_spec",
]


class _Builder:
    """Collects the members of one mapping; each method returns the builder."""

    def __init__(self) -> None:
        self._spec: dict[str, Any] = {}

    def build(self) -> dict[str, Any]:
        """The mapping, on its own: building again or changing the result does not mix."""
        result: dict[str, Any] = built(self._spec)
        return result


def built(value: Any) -> Any:
    """The value with builders, also within mappings and lists, replaced by what they build; containers are copied."""
    if isinstance(value, _Builder):
        return value.build()
    if isinstance(value, Mapping):
        return {key: built(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return [built(item) for item in value]
    return value


class OperationSpecBuilder(_Builder):
    """Builds an operation object."""

    def with_extension(self, key: str, value: Any) -> "OperationSpecBuilder":
        """Set an extension, ``x-…``."""
        self._spec[key] = value
        return self

    def with_operation_id(self, operation_id: str) -> "OperationSpecBuilder":
        """Set the id, in place of the one made of controller and method."""
        self._spec["operationId"] = operation_id
        return self

    def with_controller_name(self, name: str) -> "OperationSpecBuilder":
        """Name the controller."""
        return self._named("x-controller-name", name)

    def with_operation_name(self, name: str) -> "OperationSpecBuilder":
        """Name the controller's method."""
        return self._named("x-operation-name", name)

    def with_parameter(self, *parameters: Any) -> "OperationSpecBuilder":
        """Add parameters."""
        self._spec.setdefault("parameters", []).extend(parameters)
        return self

    def with_request_body(self, body: Any) -> "OperationSpecBuilder":
        """Set the request body."""
        self._spec["requestBody"] = body
        return self

    def with_response(self, status: int | str, response: Any) -> "OperationSpecBuilder":
        """Set the response of a status."""
        self._spec.setdefault("responses", {})[str(status)] = response
        return self

    def with_string_response(self, status: int | str = 200) -> "OperationSpecBuilder":
        """Set the response of a status to a text."""
        content = {"text/plain": {"schema": {"type": "string"}}}
        return self.with_response(status, {"description": "The string result.", "content": content})

    def with_tags(self, *tags: str | list[str] | tuple[str, ...]) -> "OperationSpecBuilder":
        """Add tags, one by one or as lists."""
        names = self._spec.setdefault("tags", [])
        for tag in tags:
            names.extend([tag] if isinstance(tag, str) else tag)
        return self

    def build(self) -> dict[str, Any]:
        """The operation; without responses it gets a 200 that nobody documented."""
        spec = super().build()
        spec.setdefault("responses", {"200": {"description": "An undocumented response body."}})
        return spec

    def _named(self, key: str, name: str) -> "OperationSpecBuilder":
        self._spec[key] = name
        controller, method = self._spec.get("x-controller-name"), self._spec.get("x-operation-name")
        if controller and method:
            self._spec["operationId"] = f"{controller}.{method}"
        return self


class OpenApiSpecBuilder(_Builder):
    """Builds a document, or a part of one."""

    def __init__(self, base_path: str | None = None) -> None:
        super().__init__()
        if base_path is not None:
            self._spec["servers"] = [{"url": base_path}]
        self._spec["paths"] = {}

    def with_operation(self, verb: str, path: str, operation: Any) -> "OpenApiSpecBuilder":
        """Set the operation of a verb on a path."""
        self._spec["paths"].setdefault(path, {})[verb.lower()] = operation
        return self

    def with_operation_returning_string(self, verb: str, path: str, name: str | None = None) -> "OpenApiSpecBuilder":
        """Set an operation that answers with a text, with the name of its method where given."""
        operation = operation_spec().with_string_response()
        return self.with_operation(verb, path, operation if name is None else operation.with_operation_name(name))

    def with_components(self, components: Any) -> "OpenApiSpecBuilder":
        """Add components, sort by sort."""
        for sort, members in built(components).items():
            self._spec.setdefault("components", {}).setdefault(sort, {}).update(members)
        return self

    def with_extension(self, key: str, value: Any) -> "OpenApiSpecBuilder":
        """Set an extension, ``x-…``."""
        self._spec[key] = value
        return self


class ComponentsSpecBuilder(_Builder):
    """Builds a components object."""

    def with_schema(self, name: str, schema: Any) -> "ComponentsSpecBuilder":
        """Add a schema."""
        return self._with("schemas", name, schema)

    def with_parameter(self, name: str, parameter: Any) -> "ComponentsSpecBuilder":
        """Add a parameter."""
        return self._with("parameters", name, parameter)

    def with_response(self, name: str, response: Any) -> "ComponentsSpecBuilder":
        """Add a response."""
        return self._with("responses", name, response)

    def with_example(self, name: str, example: Any) -> "ComponentsSpecBuilder":
        """Add an example."""
        return self._with("examples", name, example)

    def with_request_body(self, name: str, body: Any) -> "ComponentsSpecBuilder":
        """Add a request body."""
        return self._with("requestBodies", name, body)

    def with_header(self, name: str, header: Any) -> "ComponentsSpecBuilder":
        """Add a header."""
        return self._with("headers", name, header)

    def with_security_scheme(self, name: str, scheme: Any) -> "ComponentsSpecBuilder":
        """Add a security scheme."""
        return self._with("securitySchemes", name, scheme)

    def with_link(self, name: str, link: Any) -> "ComponentsSpecBuilder":
        """Add a link."""
        return self._with("links", name, link)

    def with_callback(self, name: str, callback: Any) -> "ComponentsSpecBuilder":
        """Add a callback."""
        return self._with("callbacks", name, callback)

    def with_extension(self, key: str, value: Any) -> "ComponentsSpecBuilder":
        """Set an extension, ``x-…``."""
        self._spec[key] = value
        return self

    def _with(self, sort: str, name: str, value: Any) -> "ComponentsSpecBuilder":
        self._spec.setdefault(sort, {})[name] = value
        return self


def openapi_spec(base_path: str | None = None) -> OpenApiSpecBuilder:
    """A builder for a document."""
    return OpenApiSpecBuilder(base_path)


def operation_spec() -> OperationSpecBuilder:
    """A builder for an operation."""
    return OperationSpecBuilder()


def components_spec() -> ComponentsSpecBuilder:
    """A builder for components."""
    return ComponentsSpecBuilder()
