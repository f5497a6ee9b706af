"""The language of HTTP, without sockets and without the container: what messages say, not who sends them.

A line belongs here when it reads or writes HTTP meaning and decides nothing.
"""

# The names are made by __getattr__; what they are to a type checker is in __init__.pyi.
# pyright: reportUnsupportedDunderAll=false

from mainspring.lazy import lazy_names

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "mainspring.http.conditional": (
            "ByteRange",
            "RangeNotSatisfiableError",
            "evaluate_preconditions",
            "if_range_matches",
            "parse_etags",
            "parse_range",
            "weak_match",
        ),
        "mainspring.http.cookies": (
            "InvalidCookieError",
            "format_cookie",
            "parse_cookies",
        ),
        "mainspring.http.cors": (
            "CorsConfigError",
            "CorsOptions",
        ),
        "mainspring.http.dates": (
            "format_http_date",
            "parse_http_date",
        ),
        "mainspring.http.errors": (
            "HttpError",
            "HttpErrors",
            "InvalidHeaderError",
            "http_error_class",
        ),
        "mainspring.http.forwarding": (
            "Forwarding",
            "TrustedProxies",
            "TrustedProxiesError",
            "authority",
            "forwarding_of",
            "split_host",
        ),
        "mainspring.http.headers": (
            "Headers",
            "ResponseHeaders",
        ),
        "mainspring.http.media": (
            "MediaType",
            "is_json",
            "media_type_matches",
            "negotiate",
            "negotiate_encoding",
            "parse_media_type",
            "parse_quality_list",
        ),
        "mainspring.http.paths": (
            "PathTemplate",
            "PathTemplateError",
            "Segment",
            "Variable",
            "canonical_segment",
            "join_paths",
            "parse_path_template",
        ),
        "mainspring.http.percent": (
            "PercentDecodingError",
            "decode_component",
            "decode_path_segment",
            "encode_path_value",
        ),
        "mainspring.http.queries": (
            "IndexedList",
            "Query",
            "QueryLimitError",
            "nest_pairs",
        ),
        "mainspring.http.sizes": (
            "InvalidSizeError",
            "parse_size",
        ),
        "mainspring.http.statuses": (
            "has_body",
            "reason_phrase",
        ),
    },
)
