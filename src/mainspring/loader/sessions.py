"""Sessions: a mapping that a client brings back with a signed cookie.

The cookie holds the values themselves, signed, not encrypted; with a store it holds nothing but an id.
"""

import copy
import json
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from hashlib import sha256
from typing import Any, Literal, Protocol

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from mainspring.core import Clock, CoreBindings
from mainspring.errors import MainspringError
from mainspring.http import format_cookie
from mainspring.loader.cookies import Secrets, checked_secrets
from mainspring.rest import RequestContext, Response
from mainspring.rest.problems import problem_of

__all__ = ["MemoryStore", "SessionError", "SessionStore", "WebSession", "session"]

logger = logging.getLogger(__name__)

#: Bytes of a cookie that every browser keeps, with its name and attributes (RFC 6265 section 6.1).
_MAX_COOKIE = 4096


class SessionError(MainspringError, ValueError):
    """A session that cannot be kept: ``reason`` why, and what to do.

    Remedy:
        Give ``session(...)`` a secret, and keep in it what its store can write, such as JSON.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The session cannot be kept: {self.reason}."


class SessionStore(Protocol):
    """Where sessions live that are not in the cookie. Nothing needs to inherit from it."""

    async def get(self, id: str) -> dict[str, Any] | None:
        """The values of a session; ``None`` when there is none (any more)."""
        ...

    async def set(self, id: str, data: dict[str, Any], max_age: int | None) -> None:
        """Keep the values, for ``max_age`` seconds or until told otherwise."""
        ...

    async def delete(self, id: str) -> None:
        """Forget a session, if it is known."""
        ...


class MemoryStore:
    """Sessions in the memory of this process, for tests and programs of one process.

    Args:
        clock: Gives seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sessions: dict[str, tuple[dict[str, Any], float | None]] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    async def get(self, id: str) -> dict[str, Any] | None:
        """The values of a session, a copy; ``None`` when there is none (any more)."""
        data, end = self._sessions.get(id, (None, None))
        if end is not None and end <= self._clock():
            del self._sessions[id]
            return None
        return copy.deepcopy(data)

    async def set(self, id: str, data: dict[str, Any], max_age: int | None) -> None:
        """Keep a copy of the values. What has expired is thrown away."""
        now = self._clock()
        for each in [each for each, (_, end) in self._sessions.items() if end is not None and end <= now]:
            del self._sessions[each]
        self._sessions[id] = (copy.deepcopy(data), None if max_age is None else now + max_age)

    async def delete(self, id: str) -> None:
        """Forget a session, if it is known."""
        self._sessions.pop(id, None)


class WebSession(MutableMapping[str, Any]):
    """The values of one client. What is changed in it is kept when the response is sent.

    Attributes:
        is_new: Whether the client brought none.
        is_renewed: Whether it gets a new id with this response.
    """

    def __init__(self, data: Mapping[str, Any] | None = None, *, is_new: bool = True) -> None:
        self._data: dict[str, Any] = dict(data or {})
        self.is_new = is_new
        self.is_renewed = False

    def __getitem__(self, name: str) -> Any:
        return self._data[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"Names in a session are texts, not {name!r}.")
        self._data[name] = value

    def __delitem__(self, name: str) -> None:
        del self._data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"<WebSession {sorted(self._data)}>"

    def regenerate(self) -> None:
        """Give it a new id, so that whoever knew the old one has lost it; the values stay. To be called at a login."""
        self.is_renewed = True

    def to_json(self) -> str:
        """The values as text.

        Raises:
            SessionError: One of them has no JSON form.
        """
        try:
            return json.dumps(self._data, sort_keys=True, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise SessionError(f"its values must be JSON, but {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """The values as plain data."""
        found: dict[str, Any] = json.loads(self.to_json())
        return found


SameSite = Literal["lax", "strict", "none"]


def session(
    secret: Secrets,
    *,
    cookie: str = "session",
    max_age: int | None = None,
    secure: bool | None = None,
    same_site: SameSite = "lax",
    store: SessionStore | None = None,
) -> Any:
    """Middleware that keeps a session per client: ``ctx.session`` is a mapping of JSON values.

    Args:
        secret: Signs the cookie; of several the first signs, all of them verify.
        cookie: The name of the cookie.
        max_age: Seconds until it expires; by default it ends with the browser.
        secure: Whether it is sent over https only; by default when the request came so.
        same_site: ``lax``, ``strict`` or ``none``.
        store: Where the values live; by default in the cookie, signed, not encrypted.

    Raises:
        ValueError: The secret is empty, or an attribute impossible.
        TypeError: The store is none.
    """
    keys = checked_secrets(secret, "session")
    if max_age is not None and max_age <= 0:
        raise ValueError(f"session: max_age is a number of seconds above 0, not {max_age!r}.")
    if store is not None and not all(callable(getattr(store, name, None)) for name in ("get", "set", "delete")):
        raise TypeError(f"session: a store has async get, set and delete, which {store!r} has not.")
    if same_site == "none" and secure is None:
        secure = True
    attributes: dict[str, Any] = {"max_age": max_age, "http_only": True, "same_site": same_site}
    format_cookie(cookie, "", **attributes, secure=secure is not False)
    keeper = _CookieKeeper() if store is None else _StoreKeeper(store)
    return _Sessions(_Envelope(keys), keeper, cookie, attributes, secure)


class _Signer(TimestampSigner):
    """Dates what it signs by a clock of the program."""

    def __init__(self, *args: Any, clock: Clock, **options: Any) -> None:
        super().__init__(*args, **options)
        self._clock = clock

    def get_timestamp(self) -> int:
        """The moment, in whole seconds."""
        return int(self._clock.time())


class _Envelope:
    """Texts that are signed and dated, as a cookie can hold them."""

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = list(reversed(keys))  # the library signs with the last one

    def _serializer(self, clock: Clock) -> Any:
        return URLSafeTimedSerializer(
            self._keys,
            salt="mainspring.session",
            signer=_Signer,
            signer_kwargs={"digest_method": sha256, "clock": clock},
        )

    def seal(self, content: Any, clock: Clock) -> str:
        """A content with date and signature."""
        sealed = self._serializer(clock).dumps(content)
        return sealed if isinstance(sealed, str) else sealed.decode()

    def open(self, text: str, max_age: int | None, clock: Clock) -> Any:
        """The content; ``None`` for what is too old or not ours. Signatures are compared in constant time."""
        try:
            return self._serializer(clock).loads(text, max_age=max_age)
        except BadData:
            return None


class _CookieKeeper:
    """Keeps the values in the cookie."""

    async def load(self, content: Any) -> WebSession:
        """The session of what a cookie held."""
        known = isinstance(content, dict)
        return WebSession(content if known else None, is_new=not known)

    async def keep(self, session: WebSession, content: Any, max_age: int | None) -> Any:  # noqa: ARG002 - as below
        """What the cookie is to hold."""
        return session.to_dict()

    async def drop(self, content: Any) -> None:
        """Nothing is kept elsewhere."""


class _StoreKeeper:
    """Keeps the values in a store, and an id in the cookie. An id that the store does not know is never taken over."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store

    async def load(self, content: Any) -> WebSession:
        """The session of what a cookie held."""
        data = await self._store.get(content) if isinstance(content, str) else None
        return WebSession(data, is_new=data is None)

    async def keep(self, session: WebSession, content: Any, max_age: int | None) -> Any:
        """What the cookie is to hold."""
        if session.is_new or session.is_renewed:
            if not session.is_new:
                await self._store.delete(content)
            content = secrets.token_urlsafe(32)
        await self._store.set(content, session.to_dict(), max_age)
        return content

    async def drop(self, content: Any) -> None:
        """Forget a session."""
        if isinstance(content, str):
            await self._store.delete(content)


class _Sessions:
    """The middleware that `session` gives."""

    def __init__(
        self, envelope: _Envelope, keeper: Any, cookie: str, attributes: dict[str, Any], secure: bool | None
    ) -> None:
        self._envelope = envelope
        self._keeper = keeper
        self._cookie = cookie
        self._attributes = attributes
        self._secure = secure
        self.__qualname__ = "session"

    async def __call__(self, ctx: RequestContext, next: Any) -> Any:
        text = ctx.request.cookies.get(self._cookie)
        max_age = self._attributes["max_age"]
        content = None if text is None else self._envelope.open(text, max_age, _clock_of(ctx))
        ctx.session = session = await self._keeper.load(content)
        before = session.to_json()
        try:
            result = await next()
        except Exception as error:
            if problem_of(error).status < 500:
                await self._save(ctx, session, content, before)
            raise
        status = result.status if isinstance(result, Response) else ctx.response.given_status
        if (status or 200) < 500:
            await self._save(ctx, session, content, before)
        return result

    async def _save(self, ctx: RequestContext, session: WebSession, content: Any, before: str) -> None:
        """Keep what was changed, and tell the client.

        Raises:
            SessionError: It is too large, or no JSON.
        """
        if session.to_json() == before and not session.is_renewed:
            return
        if ctx.response.headers_sent:
            logger.error("The session was changed after the response had started: the change is lost.")
            return
        secure = ctx.request.scheme == "https" if self._secure is None else self._secure
        if not session:
            if not session.is_new:
                await self._keeper.drop(content)
                same_site = self._attributes["same_site"]
                ctx.response.delete_cookie(self._cookie, secure=secure, http_only=True, same_site=same_site)
            return
        held = await self._keeper.keep(session, content, self._attributes["max_age"])
        line = format_cookie(self._cookie, self._envelope.seal(held, _clock_of(ctx)), secure=secure, **self._attributes)
        if len(line) > _MAX_COOKIE:
            raise SessionError(
                f"the cookie has {len(line)} bytes, and browsers keep {_MAX_COOKIE}; keep less, or give a store, "
                "session(secret, store=...)"
            )
        ctx.response.headers.append("Set-Cookie", line)


def _clock_of(ctx: RequestContext) -> Clock:
    clock: Clock = ctx.get_sync(CoreBindings.CLOCK)
    return clock
