"""Media types and quality lists (RFC 9110 sections 8.3 and 12.5): parse, match, negotiate.

Texts in, texts out; which types an operation has is not known here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from mainspring.http.rules import is_token

__all__ = [
    "MediaType",
    "is_json",
    "media_type_matches",
    "negotiate",
    "negotiate_encoding",
    "parse_media_type",
    "parse_quality_list",
]

_PARAMETER = r';\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)'
_QUALITY = r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?"
_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


class MediaType:
    """A media type or range: ``type``, ``subtype`` (both in lower case, ``*`` in a range) and ``parameters``."""

    __slots__ = ("parameters", "subtype", "type")

    def __init__(self, type: str, subtype: str, parameters: Mapping[str, str] = _NO_PARAMETERS) -> None:
        self.type, self.subtype, self.parameters = type, subtype, parameters

    @property
    def essence(self) -> str:
        """``type/subtype`` without parameters."""
        return f"{self.type}/{self.subtype}"

    @property
    def suffix(self) -> str:
        """What follows the last ``+`` of the subtype, ``json`` of ``application/problem+json``; empty without one."""
        return self.subtype.rpartition("+")[2] if "+" in self.subtype else ""

    @property
    def charset(self) -> str | None:
        """The ``charset`` parameter."""
        return self.parameters.get("charset")

    def matches(self, other: "MediaType") -> bool:
        """Whether ``other`` lies within this type or range; parameters take no part.

        A range is ``*/*``, ``image/*`` or ``*/*+json`` (also ``application/*+json``).
        """
        if self.type not in ("*", other.type):
            return False
        if self.subtype in ("*", other.subtype):
            return True
        return self.subtype.startswith("*+") and other.suffix == self.subtype[2:]

    def __repr__(self) -> str:
        return f"MediaType({self.essence!r}, {dict(self.parameters)!r})"


@lru_cache(maxsize=256)  # clients repeat a handful of types; bounded, because they may send any
def parse_media_type(text: str) -> MediaType | None:
    """The media type a text says, ``None`` when it says none."""
    essence = text.partition(";")[0].strip().lower()
    kind, slash, subtype = essence.partition("/")
    if not slash or not is_token(kind) or not is_token(subtype):
        return None
    if ";" not in text:
        return MediaType(kind, subtype)
    parameters: dict[str, str] = {}
    for name, value in re.findall(_PARAMETER, text):
        parameters.setdefault(name.lower(), _unquoted(value.strip()))
    return MediaType(kind, subtype, MappingProxyType(parameters))


def media_type_matches(declared: str, actual: str) -> bool:
    """Whether an actual type lies within a declared type or range, parameters aside."""
    pattern, value = parse_media_type(declared), parse_media_type(actual)
    return pattern is not None and value is not None and pattern.matches(value)


def is_json(media_type: MediaType) -> bool:
    """Whether values of this type are JSON text: ``application/json``, ``text/json`` and every ``+json``."""
    return media_type.subtype == "json" or media_type.suffix == "json"


def parse_quality_list(header: str) -> list[tuple[str, float]]:
    """The members of a list like ``Accept-Encoding`` with weights from 0 to 1, in order; malformed ones skipped."""
    found: list[tuple[str, float]] = []
    for member in _members(header):
        value, quality = member, 1.0
        for match in re.finditer(_PARAMETER, member):
            if match[1].lower() == "q":
                if not re.fullmatch(_QUALITY, match[2].strip()):
                    break
                value, quality = member[: match.start()].strip(), float(match[2].strip() or 0)
                found.append((value, quality))
                break
        else:
            found.append((value, quality))
    return found


def negotiate(accept: str | None, offered: Sequence[str]) -> str | None:
    """The offered media type that ``Accept`` wants most; the first of equals, ``None`` when it wants none of them.

    The most specific range that covers an offered type gives its weight. A missing or unreadable field accepts all.
    """
    ranges = [] if accept is None else _ranges(accept)
    if not ranges:
        return offered[0] if offered else None
    best: str | None = None
    best_quality = 0.0
    for candidate in offered:
        parsed = parse_media_type(candidate)
        quality = 0.0 if parsed is None else _quality_of(parsed, ranges)
        if quality > best_quality:
            best, best_quality = candidate, quality
    return best


def negotiate_encoding(accept_encoding: str | None, offered: Iterable[str]) -> str | None:
    """The offered content coding to use, in order of the client's weights, then of the offer; ``None`` for no coding.

    A missing field asks for no coding; ``q=0`` excludes; ``*`` stands for every coding not named.
    """
    if not accept_encoding:
        return None
    wanted = {name.lower(): quality for name, quality in parse_quality_list(accept_encoding)}
    anything = wanted.get("*", 0.0)
    identity = wanted.get("identity", 0.0)
    best: str | None = None
    best_quality = 0.0
    for coding in offered:
        quality = wanted.get(coding, wanted.get(f"x-{coding}", anything))
        if quality > best_quality and quality >= identity:
            best, best_quality = coding, quality
    return best


def _quality_of(candidate: MediaType, ranges: list[tuple[MediaType, float]]) -> float:
    best, quality = -1, 0.0
    for pattern, weight in ranges:
        if not pattern.matches(candidate):
            continue
        # A charset in a range is a habit of clients, not a wish: JSON has none, and text is sent as UTF-8 anyway.
        named = {name: value for name, value in pattern.parameters.items() if name not in ("q", "charset")}
        if any(candidate.parameters.get(name, "").lower() != value.lower() for name, value in named.items()):
            continue
        exactness = 100 * (pattern.type != "*") + 100 * (pattern.subtype != "*") + len(named)
        if exactness > best:
            best, quality = exactness, weight
    return quality


def _ranges(accept: str) -> list[tuple[MediaType, float]]:
    parsed = ((parse_media_type(text), quality) for text, quality in parse_quality_list(accept))
    return [(media_type, quality) for media_type, quality in parsed if media_type is not None]


def _members(header: str) -> list[str]:
    """The members of a list, split at commas outside quotes."""
    if '"' not in header:
        return [member.strip() for member in header.split(",") if member.strip()]
    return [member.strip() for member in re.findall(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+', header) if member.strip()]


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text
