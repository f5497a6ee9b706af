"""Path templates: read, checked, joined. Finding the route of a request is not done here.

A template is a list of segments; a segment is a list of literal texts and variables. ``{rest:path}`` takes everything
that remains and may only be the last segment.
"""

import re
from functools import lru_cache

from msgspec import Struct

from mainspring.errors import MainspringError
from mainspring.http.percent import PercentDecodingError, decode_path_segment

__all__ = [
    "PathTemplate",
    "PathTemplateError",
    "Segment",
    "Variable",
    "canonical_segment",
    "join_paths",
    "parse_path_template",
]

_NAME = r"\w[\w.\-]*"
_COLON = r":(\w+)"
# What may stay as it is in a path segment (RFC 3986): unreserved, sub-delims, ":" and "@".
_CANONICAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@")


class PathTemplateError(MainspringError, ValueError):
    """A path template that says nothing we understand: ``template``, the offending ``part``, and a way out.

    Remedy:
        Write parameters as ``{name}``, each name once, the path beginning with ``/``.
    """

    def __init__(self, template: str, part: str, reason: str) -> None:
        super().__init__(template, part, reason)
        self.template, self.part, self.reason = template, part, reason

    def __str__(self) -> str:
        return f'Invalid path "{self.template}": "{self.part}" {self.reason}.'


class Variable(Struct, frozen=True):
    """A place in a template that a request fills. ``rest`` is true of ``{name:path}``."""

    name: str
    rest: bool = False


class Segment(Struct, frozen=True):
    """What stands between two slashes: texts (in canonical spelling) and variables, never two variables in a row.

    Attributes:
        parts: Texts and variables, left to right.
        variables: The variables alone.
        literal: The text of a segment without variables, ``None`` of another.
        rest: Whether the segment takes the remaining path, slashes included.
        pattern: A regular expression with a group per variable; the first takes as much as still lets the rest match.
    """

    parts: tuple[str | Variable, ...]
    variables: tuple[Variable, ...]
    literal: str | None
    rest: bool
    pattern: str

    @staticmethod
    def of(parts: tuple[str | Variable, ...]) -> "Segment":
        """The segment of these parts, with what requests ask of it worked out."""
        variables = tuple(part for part in parts if isinstance(part, Variable))
        return Segment(
            parts,
            variables,
            literal=None if variables else "".join(part for part in parts if isinstance(part, str)),
            rest=any(variable.rest for variable in variables),
            pattern="".join(
                re.escape(part) if isinstance(part, str) else ("(.+)" if part.rest else "([^/]+)") for part in parts
            ),
        )


class PathTemplate(Struct, frozen=True):
    """A checked template. Two templates of one ``shape`` match the same paths.

    Attributes:
        text: The template.
        segments: What stands between its slashes.
        variables: The names of the variables, left to right.
        is_static: Whether there is no variable in it.
        openapi: The template as a document shows it: ``{name:path}`` is ``{name}`` there.
        shape: The template with the names of its variables left out and its literals in canonical spelling.
    """

    text: str
    segments: tuple[Segment, ...]
    variables: tuple[str, ...]
    is_static: bool
    openapi: str
    shape: str

    @staticmethod
    def of(text: str, segments: tuple[Segment, ...]) -> "PathTemplate":
        """The template of these segments, with what requests ask of it worked out."""
        variables = tuple(variable.name for segment in segments for variable in segment.variables)
        return PathTemplate(
            text,
            segments,
            variables,
            is_static=not variables,
            openapi=re.sub(r"\{([^{}:]+):path\}", r"{\1}", text) if ":path}" in text else text,
            shape="/" + "/".join(map(_shape_of, segments)),
        )


def _shape_of(segment: Segment) -> str:
    return "".join(part if isinstance(part, str) else "{:path}" if part.rest else "{}" for part in segment.parts)


@lru_cache(maxsize=1024)
def parse_path_template(text: str) -> PathTemplate:
    """Read a template. A missing leading slash is added, repeated slashes are one; a trailing one is kept.

    Raises:
        PathTemplateError: It is no template; the message quotes it and the part at fault.
    """
    path = _single_slashes(text if text.startswith("/") else f"/{text}")
    found = path[1:].split("/")
    segments = tuple(
        _parse_segment(segment, text, last=position == len(found)) for position, segment in enumerate(found, 1)
    )
    seen: set[str] = set()
    for segment in segments:
        for variable in segment.variables:
            if variable.name in seen:
                raise PathTemplateError(text, f"{{{variable.name}}}", "is used twice; give each variable its own name")
            seen.add(variable.name)
    return PathTemplate.of(path, segments)


def join_paths(*parts: str, strict: bool = False) -> str:
    """The parts joined by single slashes, with a leading one and, unless ``strict``, without a trailing one."""
    joined = _single_slashes("/" + "/".join(part for part in parts if part))
    if not strict or not (parts and parts[-1].endswith("/")):
        joined = joined.rstrip("/")
    return joined or "/"


def _single_slashes(path: str) -> str:
    while "//" in path:
        path = path.replace("//", "/")
    return path


def canonical_segment(text: str) -> str:
    """One spelling for all spellings of a segment: nothing is percent-encoded without need, hex digits are upper.

    ``text`` is a segment as it was on the wire, byte by byte as Latin-1; one that does not decode stays as it is.
    """
    if _CANONICAL.issuperset(text):
        return text
    try:
        data = decode_path_segment(text).encode()
    except PercentDecodingError:
        return text
    return "".join(chr(byte) if chr(byte) in _CANONICAL else f"%{byte:02X}" for byte in data)


def _parse_segment(text: str, template: str, *, last: bool) -> Segment:
    _check_literals(text, template)
    parts: list[str | Variable] = []
    position = 0
    while position < len(text):
        opening = text.find("{", position)
        if opening < 0:
            parts.append(_literal(text[position:]))
            break
        if opening > position:
            parts.append(_literal(text[position:opening]))
        closing = text.find("}", opening)
        variable = _parse_variable(text[opening:] if closing < 0 else text[opening : closing + 1], template)
        if parts and isinstance(parts[-1], Variable):
            raise PathTemplateError(template, text, "has two variables side by side; put a literal text between them")
        parts.append(variable)
        position = closing + 1
    if any(isinstance(part, Variable) and part.rest for part in parts) and (not last or len(parts) > 1):
        raise PathTemplateError(template, text, "takes the rest of the path, so it must be the last segment, alone")
    return Segment.of(tuple(parts))


def _literal(text: str) -> str:
    return canonical_segment(text.encode("utf-8", "surrogatepass").decode("latin-1"))


def _parse_variable(text: str, template: str) -> Variable:
    if not text.endswith("}"):
        raise PathTemplateError(template, text, 'has an opening brace that is not closed; write "{name}"')
    name, colon, kind = text[1:-1].partition(":")
    if not re.fullmatch(_NAME, name):
        raise PathTemplateError(
            template, text, "is no variable: a name has letters, digits, '_', '-' and '.', as in \"{id}\""
        )
    if colon and kind != "path":
        raise PathTemplateError(
            template, text, f'has the unknown form "{kind}"; write "{{{name}}}" and give the type in the signature'
        )
    return Variable(name, rest=bool(colon))


def _check_literals(text: str, template: str) -> None:
    """Refuse what other routers' languages mean by signs that mean nothing here."""
    if text.isalnum():
        return
    colon = re.match(_COLON, text)
    if colon:
        raise PathTemplateError(template, colon[0], f'is not a variable here; write "{{{colon[1]}}}"')
    modifier = re.search(r"\}([?*+])", text)
    if modifier:
        part = text[text.rfind("{", 0, modifier.start()) : modifier.end()]
        raise PathTemplateError(
            template, part, f'has the modifier "{modifier[1]}"; write two templates, or "{{name:path}}"'
        )
    outside = re.sub(r"\{[^{}]*\}?", lambda match: "\0" * len(match[0]), text)
    group = re.search(r"\(.*\)?", outside)
    if group:
        part = text[group.start() : group.end()]
        raise PathTemplateError(template, part, 'is a pattern; write a variable such as "{name}" or "{name:path}"')
    sign = re.search(r"[*?#})\x00-\x20]", outside.replace("\0", "x"))
    if sign:
        raise PathTemplateError(template, sign[0], 'has no meaning in a path; percent-encode it or write "{name:path}"')
