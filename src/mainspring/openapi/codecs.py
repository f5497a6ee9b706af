"""The door to codecs: JSON texts and texts of parameters to values, and back."""

# The names are made by __getattr__; what they are to a type checker is in codecs.pyi.
# pyright: reportUnsupportedDunderAll=false

from mainspring.lazy import lazy_names

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "mainspring.openapi.declared": ("SchemaCodec", "body_codec", "schema_codec", "verify_schema"),
        "mainspring.openapi.encoding": ("encode_json",),
        "mainspring.openapi.json_codecs": ("DEPTH_LIMIT", "JsonCodec", "decode_json", "json_codec"),
        "mainspring.openapi.own_checks": ("own_checks",),
        "mainspring.openapi.readers": ("ParameterReader", "parameter_reader"),
        "mainspring.openapi.text_codecs": ("TextCodec", "text_codec"),
    },
)
