"""What decorators say of an operation's answer: status, headers, media type, where to go.

They are stages directly behind the handler. What the handler says itself wins, and later stages may change all of it.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from mainspring.http import parse_media_type
from mainspring.http.percent import uri_of
from mainspring.http.rules import checked_name, checked_value
from mainspring.loader.stage_decorators import note_stages
from mainspring.rest import RequestContext, Response

__all__ = ["Answer", "content_type", "header", "location", "redirect_to", "status"]

T = TypeVar("T")

_REDIRECTIONS = (301, 302, 303, 307, 308)


class Answer:
    """A stage that says something of the answer.

    Args:
        name: The decorator.
        apply: Says it.
        status: The status it is about, where it is about one.
        headers: The header fields it sets, for the document.
        media_type: The media type it sets.
    """

    #: Among the answers of one operation: what is written by others comes last.
    order = 0
    options: Mapping[str, Any] = {}
    wraps = False
    is_error = False

    def __init__(
        self,
        name: str,
        apply: Callable[[RequestContext], None],
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        self.name = name
        self._apply = apply
        self.status = status
        self.headers = dict(headers or {})
        self.media_type = media_type

    def takes(self, error: BaseException) -> bool:  # noqa: ARG002 - as every stage
        """Never."""
        return False

    def concerns(self, ctx: RequestContext) -> bool:  # noqa: ARG002
        """Always."""
        return True

    async def call(self, ctx: RequestContext, next: Any, error: Any = None) -> None:  # noqa: ARG002
        """Say it."""
        self._apply(ctx)


def _decorator(answer: Answer) -> Callable[[T], T]:
    def decorate(target: T) -> T:
        note_stages(target, answer.name, "answers", (answer,), classes=False)
        return target

    return decorate


def status(code: int) -> Callable[[T], T]:
    """Answer with a status, unless the handler sets one.

    Raises:
        ValueError: It is none.
    """
    _check_status("status", code, range(100, 600))
    return _decorator(Answer("status", lambda ctx: _set_status(ctx, code), status=code))


def header(name: str | Mapping[str, Any], value: Any = None) -> Callable[[T], T]:
    """Send a header field, or several as a mapping, unless the handler sets it.

    Raises:
        ValueError: A name or value cannot be sent.
        TypeError: A value is neither text nor number.
    """
    fields = dict(name) if isinstance(name, Mapping) else {name: value}
    if isinstance(name, Mapping) and value is not None:
        raise TypeError("@header takes a mapping, or a name and a value.")
    for each, text in fields.items():
        checked_name(each)
        checked_value(each, text)
    return _decorator(Answer("header", lambda ctx: _set_headers(ctx, fields), headers=fields))


def content_type(media_type: str) -> Callable[[T], T]:
    """Send results as a media type, unless the handler sets another one.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(media_type, str) or parse_media_type(media_type) is None:
        raise ValueError(f"@content_type: {media_type!r} is no media type; write it as 'text/csv'.")
    fields = {"Content-Type": media_type}
    return _decorator(Answer("content_type", lambda ctx: _set_headers(ctx, fields), media_type=media_type))


def location(url: str) -> Callable[[T], T]:
    """Send ``Location``, unless the handler sets it.

    Raises:
        ValueError: It has a control character in it.
    """
    fields = {"Location": _checked_url("location", url)}
    return _decorator(Answer("location", lambda ctx: _set_headers(ctx, fields), headers=fields))


def redirect_to(url: str, status: int = 302) -> Callable[[T], T]:
    """Redirect to a URL when the handler has run; a text that it returns is the URL instead.

    Raises:
        ValueError: The status is no redirection's, or the URL has a control character in it.
    """
    _check_status("redirect_to", status, _REDIRECTIONS)
    target = _checked_url("redirect_to", url)

    def apply(ctx: RequestContext) -> None:
        if isinstance(ctx.result, Response):
            return
        found = ctx.result if isinstance(ctx.result, str) else target
        ctx.result = None
        _set_status(ctx, status)
        ctx.response.headers["Location"] = uri_of(found)

    return _decorator(Answer("redirect_to", apply, status=status, headers={"Location": target}))


def _check_status(decorator: str, code: Any, allowed: Any) -> None:
    if isinstance(code, bool) or not isinstance(code, int) or code not in allowed:
        known = "from 100 to 599" if isinstance(allowed, range) else f"among {', '.join(map(str, allowed))}"
        raise ValueError(f"@{decorator}: the status is a number {known}, not {code!r}.")


def _checked_url(decorator: str, url: Any) -> str:
    if not isinstance(url, str) or not url:
        raise TypeError(f"@{decorator} takes a URL or path as text, not {url!r}.")
    checked_value("Location", uri_of(url))
    return url


def _set_status(ctx: RequestContext, code: int) -> None:
    if ctx.response.given_status is None:
        ctx.response.status = code


def _set_headers(ctx: RequestContext, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if name not in ctx.response.headers:
            ctx.response.headers[name] = value
