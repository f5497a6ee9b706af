"""Cookies (RFC 6265): read what a client sent, word what a client is to keep."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from mainspring.errors import MainspringError
from mainspring.http.dates import format_http_date
from mainspring.http.rules import is_token

__all__ = ["InvalidCookieError", "SameSite", "format_cookie", "parse_cookies"]

SameSite = Literal["lax", "strict", "none"]

# cookie-octet of RFC 6265 section 4.1.1: no control characters, space, quotes, comma, semicolon and backslash.
_VALUE = r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"
_ATTRIBUTE = r"[\x20-\x3a\x3c-\x7e]*"


class InvalidCookieError(MainspringError, ValueError):
    """A cookie that cannot be written: ``part`` says which part of it, ``reason`` why.

    Remedy:
        Encode the value (base64, percent) before it is set, and leave ``;``, blanks and control characters out.
    """

    def __init__(self, cookie: str, part: str, reason: str) -> None:
        super().__init__(cookie, part, reason)
        self.cookie, self.part, self.reason = cookie, part, reason

    def __str__(self) -> str:
        return f"Cookie {self.cookie!a} cannot be written, its {self.part} is not allowed: {self.reason}."


def parse_cookies(lines: Iterable[str]) -> dict[str, str]:
    """The cookies of the ``Cookie`` lines of a request, by name.

    Malformed pairs are skipped, quoted values are unquoted, and of a repeated name the first counts.
    """
    cookies: dict[str, str] = {}
    for line in lines:
        for pair in line.split(";"):
            name, equals, value = pair.partition("=")
            name, value = name.strip(), value.strip()
            if not equals or not is_token(name) or name in cookies:
                continue
            if len(value) >= 2 and value[0] == value[-1] == '"':
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            cookies[name] = value
    return cookies


def format_cookie(  # noqa: PLR0913  # the attributes of a cookie, by the names every framework gives them
    name: str,
    value: str,
    *,
    max_age: int | timedelta | None = None,
    expires: datetime | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    http_only: bool = False,
    same_site: SameSite | None = "lax",
    partitioned: bool = False,
) -> str:
    """The value of a ``Set-Cookie`` line. ``max_age`` counts seconds, a naive ``expires`` is UTC.

    Raises:
        InvalidCookieError: A character that cannot stand in a name, value or attribute, an unknown ``same_site``, or
            ``same_site="none"`` (or ``partitioned``) without ``secure``, which browsers drop.
    """
    _check(name, value, path, domain, same_site)
    if not secure and (same_site == "none" or partitioned):
        what = "partitioned" if partitioned else "same_site"
        raise InvalidCookieError(name, what, "browsers keep it with secure=True only")
    parts = [f"{name}={value}"]
    if max_age is not None:
        seconds = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
        parts.append(f"Max-Age={int(seconds)}")
    if expires is not None:
        parts.append(f"Expires={format_http_date(expires)}")
    parts += [f"{label}={text}" for label, text in (("Domain", domain), ("Path", path)) if text]
    if same_site is not None:
        parts.append(f"SameSite={same_site.capitalize()}")
    flags = (("Secure", secure), ("HttpOnly", http_only), ("Partitioned", partitioned))
    return "; ".join([*parts, *(label for label, on in flags if on)])


def _check(name: str, value: str, path: str | None, domain: str | None, same_site: str | None) -> None:
    if not is_token(name):
        raise InvalidCookieError(name, "name", "it is no token; use letters, digits, '-' and '_'")
    if not isinstance(value, str) or not re.fullmatch(_VALUE, value):
        raise InvalidCookieError(
            name, "value", "it has blanks, quotes, ',', ';', '\\' or is not ASCII; percent-encode it"
        )
    for part, text in (("path", path), ("domain", domain)):
        if text is not None and not re.fullmatch(_ATTRIBUTE, text):
            raise InvalidCookieError(name, part, "it has ';', a control character or is not ASCII")
    if same_site not in (None, "lax", "strict", "none"):
        raise InvalidCookieError(name, "same_site", f"{same_site!r} is none of 'lax', 'strict', 'none'")
