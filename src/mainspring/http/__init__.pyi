"""The language of HTTP, without sockets and without the container: what messages say, not who sends them.

A line belongs here when it reads or writes HTTP meaning and decides nothing.
"""

from mainspring.http.conditional import (
    ByteRange,
    RangeNotSatisfiableError,
    evaluate_preconditions,
    if_range_matches,
    parse_etags,
    parse_range,
    weak_match,
)
from mainspring.http.cookies import InvalidCookieError, format_cookie, parse_cookies
from mainspring.http.cors import CorsConfigError, CorsOptions
from mainspring.http.dates import format_http_date, parse_http_date
from mainspring.http.errors import HttpError, HttpErrors, InvalidHeaderError, http_error_class
from mainspring.http.forwarding import (
    Forwarding,
    TrustedProxies,
    TrustedProxiesError,
    authority,
    forwarding_of,
    split_host,
)
from mainspring.http.headers import Headers, ResponseHeaders
from mainspring.http.media import (
    MediaType,
    is_json,
    media_type_matches,
    negotiate,
    negotiate_encoding,
    parse_media_type,
    parse_quality_list,
)
from mainspring.http.paths import (
    PathTemplate,
    PathTemplateError,
    Segment,
    Variable,
    canonical_segment,
    join_paths,
    parse_path_template,
)
from mainspring.http.percent import PercentDecodingError, decode_component, decode_path_segment, encode_path_value
from mainspring.http.queries import IndexedList, Query, QueryLimitError, nest_pairs
from mainspring.http.sizes import InvalidSizeError, parse_size
from mainspring.http.statuses import has_body, reason_phrase

__all__ = [
    "ByteRange",
    "CorsConfigError",
    "CorsOptions",
    "Forwarding",
    "Headers",
    "HttpError",
    "HttpErrors",
    "IndexedList",
    "InvalidCookieError",
    "InvalidHeaderError",
    "InvalidSizeError",
    "MediaType",
    "PathTemplate",
    "PathTemplateError",
    "PercentDecodingError",
    "Query",
    "QueryLimitError",
    "RangeNotSatisfiableError",
    "ResponseHeaders",
    "Segment",
    "TrustedProxies",
    "TrustedProxiesError",
    "Variable",
    "authority",
    "canonical_segment",
    "decode_component",
    "decode_path_segment",
    "encode_path_value",
    "evaluate_preconditions",
    "format_cookie",
    "format_http_date",
    "forwarding_of",
    "has_body",
    "http_error_class",
    "if_range_matches",
    "is_json",
    "join_paths",
    "media_type_matches",
    "negotiate",
    "negotiate_encoding",
    "nest_pairs",
    "parse_cookies",
    "parse_etags",
    "parse_http_date",
    "parse_media_type",
    "parse_path_template",
    "parse_quality_list",
    "parse_range",
    "parse_size",
    "reason_phrase",
    "split_host",
    "weak_match",
]
