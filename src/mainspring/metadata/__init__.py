"""What decorators write down and how it is inherited.

Typed keys, metadata on classes, methods, properties and parameters, merged along the MRO, read back in one way.
An application's own decorator is a function that returns what one of the makers gives; the framework's own
decorators are made the same way.
"""

# The names are made by __getattr__; what they are to a type checker is in __init__.pyi.
# pyright: reportUnsupportedDunderAll=false

from mainspring.lazy import lazy_names

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "mainspring.metadata.decorators": (
            "class_metadata",
            "method_metadata",
            "multi_method_metadata",
            "parameter_metadata",
            "property_metadata",
        ),
        "mainspring.metadata.errors": ("MetadataError",),
        "mainspring.metadata.keys": ("MetadataKey",),
        "mainspring.metadata.plain": (
            "define_metadata",
            "delete_metadata",
            "get_metadata",
            "has_metadata",
            "metadata_keys",
        ),
        "mainspring.metadata.reading": (
            "get_all_method_metadata",
            "get_all_parameter_metadata",
            "get_all_property_metadata",
            "get_class_metadata",
            "get_method_metadata",
            "get_parameter_metadata",
            "get_property_metadata",
        ),
    },
)
