"""Cross-origin resource sharing (the Fetch standard, section 3.2): configuration in, header lines out.

Whether the handler runs is the pipeline's business; here is only what the answer says to browsers.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from mainspring.errors import MainspringError
from mainspring.http.rules import checked_value, is_token

__all__ = ["CorsConfigError", "CorsOptions", "OriginAnswer", "OriginFunction"]

OriginAnswer = bool | str | None
OriginFunction = Callable[[str], OriginAnswer | Awaitable[OriginAnswer]]
Lines = list[tuple[str, str]]

_METHODS = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")
_OPTIONS = frozenset(
    {
        "origin",
        "methods",
        "allowed_headers",
        "exposed_headers",
        "credentials",
        "max_age",
        "preflight_continue",
        "options_success_status",
    }
)


class CorsConfigError(MainspringError, ValueError):
    """A CORS configuration that cannot work: ``option`` says where, ``reason`` why and what to do.

    Remedy:
        Correct the option of ``config["rest"]["cors"]``; credentials never go with the origin ``*``.
    """

    def __init__(self, option: str, reason: str) -> None:
        super().__init__(option, reason)
        self.option, self.reason = option, reason

    def __str__(self) -> str:
        return f"rest.cors.{self.option} {self.reason}."


class CorsOptions(Struct, frozen=True):
    """A checked configuration. Without ``max_age`` browsers decide, without ``allowed_headers`` any are allowed."""

    any_origin: bool = True
    origins: tuple[str | re.Pattern[str], ...] = ()
    origin_function: OriginFunction | None = None
    methods: tuple[str, ...] = _METHODS
    allowed_headers: tuple[str, ...] | None = None
    exposed_headers: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int | None = 86400
    preflight_continue: bool = False
    options_success_status: int = 204

    @staticmethod
    def from_config(value: Any) -> "CorsOptions | None":
        """The options a configuration means; ``None`` when CORS is off: nothing, ``False``, or ``origin`` ``False``.

        Args:
            value: ``None``, a bool, a mapping of the options or an object with them as attributes. ``origin`` is
                ``"*"``, an origin, a list of origins and patterns (which must match the whole), a function or a bool.

        Raises:
            CorsConfigError: An unknown option, a value of the wrong kind, or ``"*"`` together with credentials.
        """
        if value is None or value is False:
            return None
        options = _as_mapping(value)
        unknown = sorted(set(options) - _OPTIONS)
        if unknown:
            raise CorsConfigError(unknown[0], f"is no option. Use one of {', '.join(sorted(_OPTIONS))}")
        origin = options.get("origin", "*")
        if origin is False or origin is None:
            return None
        result = CorsOptions(
            **_origin_options(origin),
            methods=_texts("methods", options.get("methods"), _METHODS) or (),
            allowed_headers=_texts("allowed_headers", options.get("allowed_headers"), None),
            exposed_headers=_texts("exposed_headers", options.get("exposed_headers"), ()) or (),
            **_plain_options(options),
        )
        if result.any_origin and result.credentials:
            raise CorsConfigError(
                "origin",
                "'*' together with credentials is ignored by browsers. List the origins that may send credentials",
            )
        return result

    @property
    def depends_on_origin(self) -> bool:
        """Whether answers differ by origin, so that every one of them needs ``Vary: Origin``."""
        return not self.any_origin

    def ask(self, origin: str | None) -> OriginAnswer | Awaitable[OriginAnswer]:
        """What the configuration says of an origin: an awaitable when its function is asynchronous.

        Raises:
            Exception: Whatever the function raises.
        """
        if self.any_origin:
            return "*"
        if origin is None:
            return None
        if self.origin_function is not None:
            return self.origin_function(origin)
        for known in self.origins:
            if isinstance(known, str):
                if known == origin:
                    return True
            elif origin != "null" and known.fullmatch(origin):
                return True
        return False

    @staticmethod
    def allowed(origin: str | None, answer: OriginAnswer) -> str | None:
        """The origin to name in the response for an answer of ``ask``; ``None`` to name none."""
        return answer if isinstance(answer, str) and answer else (origin if answer is True else None)

    def response_headers(self, allowed: str | None) -> Lines:
        """The lines of an ordinary response, ``Vary`` aside, which depends on what is there already."""
        if allowed is None:
            return []
        lines = [("Access-Control-Allow-Origin", allowed)]
        if self.credentials:
            lines.append(("Access-Control-Allow-Credentials", "true"))
        if self.exposed_headers:
            lines.append(("Access-Control-Expose-Headers", ",".join(self.exposed_headers)))
        return lines

    def preflight_headers(self, allowed: str | None, requested_headers: str | None) -> Lines:
        """The lines of the answer to a preflight request, ``Vary`` aside."""
        if allowed is None:
            return []
        lines = [("Access-Control-Allow-Origin", allowed)]
        if self.credentials:
            lines.append(("Access-Control-Allow-Credentials", "true"))
        lines.append(("Access-Control-Allow-Methods", ",".join(self.methods)))
        headers = _safe_list(requested_headers) if self.allowed_headers is None else ",".join(self.allowed_headers)
        if headers:
            lines.append(("Access-Control-Allow-Headers", headers))
        if self.max_age is not None:
            lines.append(("Access-Control-Max-Age", str(self.max_age)))
        return lines

    def vary(self, *, preflight: bool = False) -> tuple[str, ...]:
        """The request fields the answer depends on, to be added to ``Vary``."""
        names = ("Origin",) if self.depends_on_origin else ()
        return (*names, "Access-Control-Request-Headers") if preflight and self.allowed_headers is None else names

    @staticmethod
    def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
        """Whether a request asks for permission rather than for the thing."""
        return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def _as_mapping(value: Any) -> dict[str, Any]:
    if value is True:
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str | int | float | list | tuple):
        raise CorsConfigError(
            "*", f"is {value!r}. Give True, False or a mapping such as {{'origin': 'https://example.com'}}"
        )
    return {name: getattr(value, name) for name in _OPTIONS if hasattr(value, name)}


def _origin_options(origin: Any) -> dict[str, Any]:
    if origin is True:  # whoever asks is allowed, by name: works with credentials
        return {"any_origin": False, "origin_function": lambda _: True}
    if callable(origin):
        return {"any_origin": False, "origin_function": origin}
    known = [origin] if isinstance(origin, str | re.Pattern) else origin
    if not isinstance(known, Sequence | set | frozenset):
        raise CorsConfigError(
            "origin", f"is {origin!r}. Give a text, a list of texts and patterns, a function or a bool"
        )
    for item in known:
        if not isinstance(item, str | re.Pattern):
            raise CorsConfigError("origin", f"lists {item!r}. List texts and compiled patterns")
    return {"any_origin": True} if "*" in known else {"any_origin": False, "origins": tuple(known)}


def _texts(option: str, value: Any, default: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if value is None:
        return default
    found = value.split(",") if isinstance(value, str) else value
    if not isinstance(found, Sequence | set | frozenset) or not all(isinstance(item, str) for item in found):
        raise CorsConfigError(option, f"is {value!r}. Give a list of texts")
    result = tuple(item.strip() for item in found)
    for item in result:
        if item != "*" and not is_token(item):
            raise CorsConfigError(option, f"has {item!r}, which is no token")
    return result


def _plain_options(options: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("credentials", "preflight_continue"):
        if options.get(name) is not None:
            if not isinstance(options[name], bool):
                raise CorsConfigError(name, f"is {options[name]!r}. Give True or False")
            found[name] = options[name]
    for name in ("max_age", "options_success_status"):
        if name in options:
            value = options[name]
            if not (value is None and name == "max_age") and (isinstance(value, bool) or not isinstance(value, int)):
                raise CorsConfigError(name, f"is {value!r}. Give a whole number")
            found[name] = value
    return found


def _safe_list(requested: str | None) -> str:
    """What the browser asked for, without anything that is no header name: it is echoed."""
    names = [name.strip() for name in (requested or "").split(",")]
    text = ",".join(name for name in names if is_token(name))
    return checked_value("access-control-allow-headers", text).decode("latin-1")
