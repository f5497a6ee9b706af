"""The language of operations: decorators, parameters, JSON Schema from types, codecs, documents.

Nothing here serves requests; one description of a handler feeds both the document and whoever calls the handler.
"""

from mainspring.openapi.builders import components_spec, openapi_spec, operation_spec
from mainspring.openapi.decorators import (
    api,
    blocking,
    delete,
    deprecated,
    get,
    head,
    operation,
    options,
    patch,
    post,
    put,
    tags,
    visibility,
)
from mainspring.openapi.dialects import json_schema_to_openapi, to_openapi_30
from mainspring.openapi.errors import (
    AnnotationError,
    DeclarationError,
    DocumentError,
    MalformedJsonError,
    SchemaViolation,
    UnknownLocationError,
    Violation,
)
from mainspring.openapi.merging import merge_openapi_spec, merge_security_scheme
from mainspring.openapi.operations import OperationDeclaration, controller_operations, describe_controller
from mainspring.openapi.parameters import param, request_body
from mainspring.openapi.responses import response
from mainspring.openapi.signatures import describe_handler

__all__ = [
    "AnnotationError",
    "DeclarationError",
    "DocumentError",
    "MalformedJsonError",
    "OperationDeclaration",
    "SchemaViolation",
    "UnknownLocationError",
    "Violation",
    "api",
    "blocking",
    "components_spec",
    "controller_operations",
    "delete",
    "deprecated",
    "describe_controller",
    "describe_handler",
    "get",
    "head",
    "json_schema_to_openapi",
    "merge_openapi_spec",
    "merge_security_scheme",
    "openapi_spec",
    "operation",
    "operation_spec",
    "options",
    "param",
    "patch",
    "post",
    "put",
    "request_body",
    "response",
    "tags",
    "to_openapi_30",
    "visibility",
]
