"""What the OpenAPI document says beyond the signatures.

The framework documents a condition as an object with any properties, since models may be free in what they store.
``Todo`` is not: the document names what can be asked, so that explorers and generated clients know as well. And it says
what errors look like.
"""

from typing import Annotated, Any

from mainspring import inject
from mainspring.rest import RestBindings

from .models.todo_model import LARGEST_ID, Todo

__all__ = ["DocumentEnhancer"]

Schema = dict[str, Any]
VERBS = ("get", "put", "post", "delete", "patch")


class DocumentEnhancer:
    """Makes filters and errors exact.

    Args:
        error_format: ``problem`` or ``loopback``; the two have different media types.
    """

    name = "todo"

    def __init__(self, error_format: Annotated[str, inject(RestBindings.ERROR_FORMAT)]) -> None:
        self.error_media_type = "application/problem+json" if error_format == "problem" else "application/json"

    def modify_spec(self, spec: Schema) -> Schema:
        """The document with exact filters and with errors; called by the framework."""
        schemas = spec.setdefault("components", {}).setdefault("schemas", {})
        schemas["TodoWhere"] = where_schema()
        for operation in (item[verb] for item in spec["paths"].values() for verb in VERBS if verb in item):
            operation["responses"]["default"] = self._error()
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "where":
                    parameter["content"]["application/json"]["schema"] = reference("TodoWhere")
                if parameter["name"] == "filter":
                    name = "TodoFilter" if operation["operationId"].endswith(".find") else "TodoFilterOfOne"
                    schemas[name] = filter_schema(of_one=name == "TodoFilterOfOne")
                    parameter["content"]["application/json"]["schema"] = reference(name)
        return spec

    def _error(self) -> Schema:
        return {"description": "What went wrong.", "content": {self.error_media_type: {"schema": {"type": "object"}}}}


def reference(name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def filter_schema(*, of_one: bool) -> Schema:
    """A filter; one that looks at a single todo has no condition."""
    known = "|".join(properties())
    order = {"type": "string", "pattern": f"^({known})( (ASC|DESC))?$"}
    schema: Schema = Todo.filter_schema(exclude=["where"], set_title=False)
    schema["properties"]["order"] = {"anyOf": [order, {"type": "array", "items": order}]}
    for name in ("limit", "skip", "offset"):
        schema["properties"][name]["maximum"] = LARGEST_ID
    schema["not"] = {"required": ["skip", "offset"]}  # two names of one thing
    if not of_one:
        schema["properties"]["where"] = reference("TodoWhere")
    return schema


def where_schema() -> Schema:
    """A condition: properties with values or operators, joined by ``and``, ``or`` and ``not``."""
    nested = reference("TodoWhere")
    joined = {"and": {"type": "array", "items": nested}, "or": {"type": "array", "items": nested}, "not": nested}
    compared = {name: {"anyOf": [value, operators(value)]} for name, value in properties().items()}
    return {"type": "object", "properties": {**compared, **joined}, "additionalProperties": False}


def operators(value: Schema) -> Schema:
    """What a property can be compared by."""
    many = {"type": "array", "items": value}
    found: Schema = {"eq": value, "neq": value, "inq": many, "nin": many, "exists": {"type": "boolean"}}
    if "integer" in value["type"] or "string" in value["type"]:
        exact = {**value, "type": value["type"][0]}
        found |= dict.fromkeys(("gt", "gte", "lt", "lte"), exact)
        found["between"] = {"type": "array", "items": exact, "minItems": 2, "maxItems": 2}
    if "string" in value["type"]:
        found |= {name: {"type": "string"} for name in ("like", "nlike", "ilike", "nilike")}
    return {"type": "object", "properties": found, "additionalProperties": False, "minProperties": 1}


def properties() -> dict[str, Schema]:
    """The properties that have an order, with the type of their values."""
    number = {"type": ["integer", "null"], "minimum": -LARGEST_ID - 1, "maximum": LARGEST_ID}
    text = {"type": ["string", "null"]}
    kinds: dict[str, Schema] = {"integer": number, "string": text, "boolean": {"type": ["boolean", "null"]}}
    found = Todo.json_schema()["properties"]
    types = {name: schema.get("type") for name, schema in found.items()}
    return {name: kinds[kind if isinstance(kind, str) else kind[0]] for name, kind in types.items() if kind}
