"""The language of operations: decorators, parameters, JSON Schema from types, codecs, documents.

Nothing here serves requests; one description of a handler feeds both the document and whoever calls the handler.
"""

# The names are made by __getattr__; what they are to a type checker is in __init__.pyi.
# pyright: reportUnsupportedDunderAll=false

from mainspring.lazy import lazy_names

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "mainspring.openapi.builders": (
            "components_spec",
            "openapi_spec",
            "operation_spec",
        ),
        "mainspring.openapi.decorators": (
            "api",
            "blocking",
            "delete",
            "deprecated",
            "get",
            "head",
            "operation",
            "options",
            "patch",
            "post",
            "put",
            "tags",
            "visibility",
        ),
        "mainspring.openapi.dialects": (
            "json_schema_to_openapi",
            "to_openapi_30",
        ),
        "mainspring.openapi.errors": (
            "AnnotationError",
            "DeclarationError",
            "DocumentError",
            "MalformedJsonError",
            "SchemaViolation",
            "UnknownLocationError",
            "Violation",
        ),
        "mainspring.openapi.merging": (
            "merge_openapi_spec",
            "merge_security_scheme",
        ),
        "mainspring.openapi.operations": (
            "OperationDeclaration",
            "controller_operations",
            "describe_controller",
        ),
        "mainspring.openapi.parameters": (
            "param",
            "request_body",
        ),
        "mainspring.openapi.responses": ("response",),
        "mainspring.openapi.signatures": ("describe_handler",),
    },
)
