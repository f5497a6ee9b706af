"""The request as programs see it: a view of the exchange, each part made when somebody asks for it."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, unquote

from mainspring.http import Headers, Query
from mainspring.http.forwarding import authority, forwarding_of, split_host
from mainspring.rest.bodies import Reading, json_value
from mainspring.rest.exchange import Exchange
from mainspring.rest.tickets import MADE, RUN, exchange_of

__all__ = ["Request"]

#: A number, since looking for bytes in bytes costs an exception that nobody sees.
_PERCENT = ord("%")

# What may stand in a path without being encoded (RFC 3986), the slash included.
_PATH_SAFE = "/-._~!$&'()*+,;=:@"


class Request:
    """A request. In handlers it is injected by its type; elsewhere it is ``context.request``.

    Attributes:
        source: What it is a view of: the exchange, or its ticket.
        has_body: Whether it knows anything of the body.
    """

    source: Any
    has_body: bool

    # On the class, so that a request that is asked for little makes little.
    _headers: Headers | None = None
    _parsed_query: Query | None = None
    _nested: dict[str, Any] | None = None
    _cookies: dict[str, str] | None = None
    _forwarding: Any = False
    _original_method: str | None = None
    _reading: Reading | None = None
    form_data: Any = None

    #: The plain value of the body and the name of the parser, where somebody parsed it before the operation does.
    parsed: tuple[Any, str] | None = None
    #: What signs cookies, where a middleware has set it.
    cookie_signer: Any = None
    _signed_cookies: Any = None

    def __init__(self, exchange: Exchange) -> None:
        self.source = exchange
        self.has_body = False

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.raw_path}>"

    @property
    def exchange(self) -> Exchange:
        """The request as a door hands it to the pipeline."""
        return exchange_of(self.source)  # type: ignore[no-any-return]  # it is one

    # The request line

    @property
    def method(self) -> str:
        """The verb, in upper case as sent; a middleware before route finding may set another one."""
        return self.exchange.method

    @method.setter
    def method(self, value: str) -> None:
        if self._original_method is None:
            self._original_method = self.exchange.method
        self.exchange.rewrite(method=value.upper())

    @property
    def original_method(self) -> str:
        """The verb as it was sent, whatever was set since."""
        return self._original_method or self.exchange.method

    @property
    def raw_path(self) -> str:
        """The path as sent, percent-encoded, without the prefix a mount or proxy cut off."""
        return self.exchange.raw_path

    @property
    def path(self) -> str:
        """The decoded path below the base path; a middleware before route finding may set another one."""
        source = self.source
        if type(source) is list and source[MADE] is None:
            path: str | None = source[RUN].path
            if path is not None:
                return path
        exchange = self.exchange
        below, raw = exchange._path, exchange.raw
        if below is ... and raw is not None and _PERCENT not in raw:  # nearly always
            return raw.decode("latin-1")
        if below is ... or below is None:
            below = exchange.raw_path
        return unquote(below, errors="replace") if "%" in below else below

    @path.setter
    def path(self, value: str) -> None:
        if not value.startswith("/"):
            raise ValueError(f"A path begins with a slash, not {value!r}.")
        exchange = self.exchange
        base = exchange.plan.base_path
        below = quote(value, safe=_PATH_SAFE)
        exchange.rewrite(raw_path=below if exchange.root_path.endswith(base or "/") else f"{base}{below}")
        if base:
            exchange.path = below

    @property
    def query_string(self) -> str:
        """What follows the question mark, undecoded."""
        return self.exchange.raw_query.decode("latin-1")

    @property
    def query(self) -> dict[str, Any]:
        """The query taken apart: texts, lists for repeated keys, mappings for bracketed ones.

        Raises:
            QueryLimitError: There is too much in it.
        """
        if self._nested is None:
            self._nested = self.parsed_query.as_dict()
        return self._nested

    @property
    def parsed_query(self) -> Query:
        """The query, of which single names can be asked."""
        if self._parsed_query is None:
            options = self.exchange.plan.query_options
            self._parsed_query = Query(self.exchange.raw_query, **options)
        return self._parsed_query

    @property
    def http_version(self) -> str:
        """``1.1``."""
        return self.exchange.http_version

    @property
    def url(self) -> str:
        """The URL the client used."""
        query = self.query_string
        return f"{self.origin}{self.root_path}{self.exchange.raw_path}{f'?{query}' if query else ''}"

    @property
    def origin(self) -> str:
        """Scheme, host and port the client used; the scheme's own port is left out."""
        host, port = self.host
        return f"{self.scheme}://{authority(self.scheme, host, port)}"

    @property
    def root_path(self) -> str:
        """What stands before the base path: a mount, and what trusted proxies cut off."""
        told = self.forwarding
        return f"{told.prefix if told is not None else ''}{self.exchange.root_path}"

    @property
    def base_path(self) -> str:
        """The effective base path: root path and base path; empty, or with a leading slash."""
        root, base = self.root_path, self.exchange.plan.base_path
        return root if base and root.endswith(base) else f"{root}{base}"

    # Headers

    @property
    def headers(self) -> Headers:
        """The header fields."""
        if self._headers is None:
            self._headers = Headers(self.exchange.raw_headers)
        return self._headers

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        from mainspring.http.cookies import parse_cookies  # noqa: PLC0415 - few handlers read cookies

        if self._cookies is None:
            self._cookies = parse_cookies(self.headers.getlist("cookie"))
        return self._cookies

    @property
    def signed_cookies(self) -> dict[str, str]:
        """The cookies that are signed by this program, without their signatures.

        Raises:
            RuntimeError: No middleware knows how they are signed.
        """
        if self._signed_cookies is None:
            self._signed_cookies = self.signer.verified(self.cookies)
        return self._signed_cookies  # type: ignore[no-any-return]  # made above

    @property
    def signer(self) -> Any:
        """What signs cookies.

        Raises:
            RuntimeError: There is nothing.
        """
        if self.cookie_signer is None:
            raise RuntimeError("Nothing signs cookies: add the middleware, `use(cookie_parser(secret))`.")
        return self.cookie_signer

    # Where it comes from

    @property
    def forwarding(self) -> Any:
        """What trusted proxies say of the request; ``None`` when nobody may be believed."""
        if self._forwarding is False:
            peer = self.exchange.client[0] if self.exchange.client else None
            trusted = self.exchange.plan.trusted_proxies
            self._forwarding = forwarding_of(self.headers, peer, trusted) if trusted else None
        return self._forwarding

    @property
    def client(self) -> tuple[str, int] | None:
        """Host and port of the client, as trusted proxies tell it."""
        told = self.forwarding
        if told is not None and told.client:
            return told.client, told.client_port or 0
        return self.exchange.client

    @property
    def scheme(self) -> str:
        """``http`` or ``https``, as the client used it."""
        told = self.forwarding
        return (told.scheme if told is not None else None) or self.exchange.scheme

    @property
    def host(self) -> tuple[str, int | None]:
        """Host and port the client used; without a ``Host`` field those of the socket."""
        told = self.forwarding
        if told is not None and told.host:
            return told.host, told.port
        found = split_host(self.headers.first("host"))
        if found is not None:
            return found[0], (told.port if told is not None and told.port else found[1])
        local = self.exchange.local
        return (local[0], local[1]) if local else ("localhost", None)

    # Beyond

    @property
    def scope(self) -> Any:
        """What the server handed over, an ASGI scope say."""
        return self.exchange.scope

    @property
    def state(self) -> dict[str, Any]:
        """What the server's lifespan shares with requests."""
        return self.exchange.state

    @property
    def path_params(self) -> dict[str, str]:
        """The decoded variables of the path, after route finding."""
        match = self.exchange.match
        return match.path_params if match is not None else {}

    # The body

    @property
    def reading(self) -> Reading:
        """The body as far as it was read."""
        if self._reading is None:
            self._reading = Reading(self.exchange, self.exchange.plan.body_limit)
            self.has_body = True
        return self._reading

    async def body(self) -> bytes:
        """The whole body, within the limit; kept, so it may be asked for again.

        Raises:
            HttpError: 413 beyond the limit, 415 for an unknown content coding, 400 for one that does not inflate.
            BodyConsumedError: It was streamed.
            ClientDisconnected: The client went away.
        """
        return await self.reading.whole()

    async def json(self) -> Any:
        """The body as JSON.

        Raises:
            HttpError: 400 for what is no JSON.
        """
        return json_value(await self.body())

    async def form(self) -> Any:
        """The fields and files of a form, in order; a multi-mapping.

        Raises:
            HttpError: 400 for what is malformed, 413 beyond a limit, 415 for what is no form.
        """
        from mainspring.rest.forms import read_form  # noqa: PLC0415 - few requests bring a form

        if self.form_data is None:
            self.form_data = await read_form(self)
        return self.form_data

    def stream(self) -> AsyncIterator[bytes]:
        """The body, chunk by chunk, once, within the limit.

        Raises:
            BodyConsumedError: It was streamed already.
        """
        return self.reading.stream()

    __aiter__ = stream

    def content_type(self) -> str | None:
        """The ``Content-Type`` field."""
        found = self.exchange.header(b"content-type")
        return None if found is None else found.decode("latin-1")

    async def is_disconnected(self) -> bool:
        """Whether the client is gone already."""
        return await self.exchange.is_disconnected()
