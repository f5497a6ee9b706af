"""Credentials for operations of an OpenAPI document, from the setting ``auth``."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from mainspring.openapi import DocumentError
from mainspring.proxies.documents import Document
from mainspring.proxies.messages import ServiceRequest
from mainspring.proxies.values import as_text, basic_credentials, encode_pairs

__all__ = ["Signer"]

_BEARER = ("oauth2", "openIdConnect")


class Signer:
    """Adds credentials to requests.

    Args:
        document: Its security schemes and requirements.
        auth: By the name of a scheme: a key or token, ``(user, password)`` or a mapping of these two for ``basic``, or
            a plain or asynchronous function without arguments that gives one of these for each request.

    Raises:
        DocumentError: ``auth`` names a scheme that the document does not have, or one that cannot be used.
    """

    def __init__(self, document: Document, auth: Any) -> None:
        self._auth: Mapping[str, Any] = auth or {}
        components = document.resolved(document.content.get("components")) or {}
        found = components.get("securitySchemes") or {}
        self._schemes = {name: document.resolved(scheme) for name, scheme in found.items()}
        self._usual = document.content.get("security") or ()
        for name in self._auth:
            if name not in self._schemes:
                known = ", ".join(self._schemes) or "none"
                raise DocumentError(document.place, f"it has no security scheme {name!r}; there are {known}")
            if _kind(self._schemes[name]) is None:
                raise DocumentError(document.place, f"the security scheme {name!r} is of a kind that cannot be used")

    def schemes_of(self, operation: Mapping[str, Any]) -> tuple[str, ...]:
        """The schemes of the first alternative that there are credentials for."""
        for requirement in operation.get("security", self._usual) or ():
            if all(name in self._auth for name in requirement):
                return tuple(requirement)
        return ()

    async def sign(self, request: ServiceRequest, schemes: tuple[str, ...]) -> None:
        """Add the credentials of schemes."""
        for name in schemes:
            given = self._auth[name]
            if callable(given):
                given = given()
                if inspect.isawaitable(given):
                    given = await given
            _add(request, self._schemes[name], given)


def _kind(scheme: Mapping[str, Any]) -> str | None:
    sort = scheme.get("type")
    if sort == "http":
        word = str(scheme.get("scheme", "")).lower()
        return word if word in ("basic", "bearer") else None
    if sort in _BEARER:
        return "bearer"
    return str(scheme.get("in")) if sort == "apiKey" else None


def _add(request: ServiceRequest, scheme: Mapping[str, Any], given: Any) -> None:
    kind, name = _kind(scheme), str(scheme.get("name", ""))
    if kind == "basic":
        request.headers["authorization"] = basic_credentials(*_user_and_password(given))
    elif kind == "bearer":
        request.headers["authorization"] = f"Bearer {as_text(given)}"
    elif kind == "header":
        request.headers[name.lower()] = as_text(given)
        request.hidden_headers |= {name.lower()}
    elif kind == "cookie":
        pair = f"{name}={as_text(given)}"
        request.headers["cookie"] = f"{request.headers['cookie']}; {pair}" if "cookie" in request.headers else pair
    else:
        pair = encode_pairs([(name, as_text(given))])
        request.url += f"{'&' if '?' in request.url else '?'}{pair}"
        request.hidden_query |= {name.lower()}


def _user_and_password(given: Any) -> Iterator[str]:
    if isinstance(given, Mapping):
        yield str(given.get("username", given.get("user", "")))
        yield str(given.get("password", ""))
    elif isinstance(given, str):
        user, _, password = given.partition(":")
        yield from (user, password)
    else:
        user, password = given
        yield from (str(user), str(password))
