"""Signed cookies: what a client sends back is believed only with a signature of ours."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from itsdangerous import BadSignature, Signer

from mainspring.rest import RequestContext

__all__ = ["CookieSigner", "checked_secrets", "cookie_parser"]

Secrets = str | bytes | Sequence[str | bytes]


def checked_secrets(secret: Secrets, place: str) -> list[bytes]:
    """The secrets as a list, the one that signs first.

    Raises:
        TypeError: One of them is neither text nor bytes.
        ValueError: There is none, or an empty one.
    """
    secrets = [secret] if isinstance(secret, str | bytes) else list(secret)
    for each in secrets:
        if not isinstance(each, str | bytes):
            raise TypeError(f"{place}: a secret is a text, not {each!r}.")
    if not secrets or not all(secrets):
        raise ValueError(f"{place}: the secret is empty; give a long random text, of secrets.token_urlsafe() say.")
    return [each.encode() if isinstance(each, str) else each for each in secrets]


class CookieSigner:
    """Signs the values of cookies; a signature is for one name only.

    Args:
        secrets: The first one signs, all of them verify.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = list(reversed(secrets))  # the library signs with the last one

    def _signer(self, name: str) -> Signer:
        return Signer(self._secrets, salt=f"mainspring.cookie.{name}", digest_method=sha256)

    def sign(self, name: str, value: str) -> str:
        """A value with its signature."""
        return self._signer(name).sign(value).decode()

    def unsign(self, name: str, text: str) -> str | None:
        """The value; ``None`` when the signature is missing or wrong. Compared in constant time."""
        try:
            return self._signer(name).unsign(text).decode()
        except (BadSignature, UnicodeDecodeError):
            return None

    def verified(self, cookies: Mapping[str, str]) -> dict[str, str]:
        """Those of the cookies that are signed by us, without their signatures."""
        found = {name: self.unsign(name, text) for name, text in cookies.items()}
        return {name: value for name, value in found.items() if value is not None}


def cookie_parser(secret: Secrets | None = None) -> Callable[[RequestContext, Any], Any]:
    """Middleware for signed cookies: ``ctx.request.signed_cookies``, ``response.set_cookie(..., signed=True)``.

    Args:
        secret: A text, or several: the first one signs, all of them verify. Without one, cookies are as ever.

    Raises:
        ValueError: It is empty.
    """
    signer = None if secret is None else CookieSigner(checked_secrets(secret, "cookie_parser"))

    def parse_cookies(ctx: RequestContext, next: Any) -> Any:
        if signer is not None:
            ctx.request.cookie_signer = signer
        return next()

    parse_cookies.__qualname__ = "cookie_parser"
    return parse_cookies
