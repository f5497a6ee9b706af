"""The registered statuses of HTTP and their words, nothing of what they are answered to."""

from http import HTTPStatus

__all__ = ["BODILESS_STATUSES", "has_body", "reason_phrase"]

# Python releases before 3.13 spell these as older RFCs did. The wire says the same on every Python: RFC 9110, except
# for 413 and 422, whose error classes (and the clients that match on them) keep the names they had before it.
_OWN = {413: "Payload Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Entity"}

_PHRASES = {status.value: status.phrase for status in HTTPStatus} | _OWN

BODILESS_STATUSES = frozenset({204, 205, 304})


def reason_phrase(status: int) -> str:
    """The reason phrase of a status; for one that nobody registered the name of its class, ``Client Error`` say."""
    phrase = _PHRASES.get(status)
    if phrase is not None:
        return phrase
    classes = ("Informational", "Success", "Redirection", "Client Error", "Server Error")
    position = status // 100 - 1
    return classes[position] if 0 <= position < len(classes) else "Unknown Status"


def has_body(status: int) -> bool:
    """Whether a response of this status may carry a body: not 1xx, 204, 205 and 304."""
    return status >= 200 and status not in BODILESS_STATUSES
