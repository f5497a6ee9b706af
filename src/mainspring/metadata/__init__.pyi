"""What decorators write down and how it is inherited.

Typed keys, metadata on classes, methods, properties and parameters, merged along the MRO, read back in one way.
An application's own decorator is a function that returns what one of the makers gives; the framework's own
decorators are made the same way.
"""

from mainspring.metadata.decorators import (
    class_metadata,
    method_metadata,
    multi_method_metadata,
    parameter_metadata,
    property_metadata,
)
from mainspring.metadata.errors import MetadataError
from mainspring.metadata.keys import MetadataKey
from mainspring.metadata.plain import define_metadata, delete_metadata, get_metadata, has_metadata, metadata_keys
from mainspring.metadata.reading import (
    get_all_method_metadata,
    get_all_parameter_metadata,
    get_all_property_metadata,
    get_class_metadata,
    get_method_metadata,
    get_parameter_metadata,
    get_property_metadata,
)

__all__ = [
    "MetadataError",
    "MetadataKey",
    "class_metadata",
    "define_metadata",
    "delete_metadata",
    "get_all_method_metadata",
    "get_all_parameter_metadata",
    "get_all_property_metadata",
    "get_class_metadata",
    "get_metadata",
    "get_method_metadata",
    "get_parameter_metadata",
    "get_property_metadata",
    "has_metadata",
    "metadata_keys",
    "method_metadata",
    "multi_method_metadata",
    "parameter_metadata",
    "property_metadata",
]
