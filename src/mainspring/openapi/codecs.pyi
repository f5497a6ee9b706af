"""The door to codecs: JSON texts and texts of parameters to values, and back."""

from mainspring.openapi.declared import SchemaCodec, body_codec, schema_codec, verify_schema
from mainspring.openapi.encoding import encode_json
from mainspring.openapi.json_codecs import DEPTH_LIMIT, JsonCodec, decode_json, json_codec
from mainspring.openapi.own_checks import own_checks
from mainspring.openapi.readers import ParameterReader, parameter_reader
from mainspring.openapi.text_codecs import TextCodec, text_codec

__all__ = [
    "DEPTH_LIMIT",
    "JsonCodec",
    "ParameterReader",
    "SchemaCodec",
    "TextCodec",
    "body_codec",
    "decode_json",
    "encode_json",
    "json_codec",
    "own_checks",
    "parameter_reader",
    "schema_codec",
    "text_codec",
    "verify_schema",
]
