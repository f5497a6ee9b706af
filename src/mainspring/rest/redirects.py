"""Redirects: routes whose handler answers with another place. Where to is checked when they are registered."""

import re

from mainspring.http import ResponseHeaders
from mainspring.http.percent import uri_of
from mainspring.rest.context import RequestContext
from mainspring.rest.errors import RegistrationError
from mainspring.rest.exchange import Reply
from mainspring.rest.routes import Route

__all__ = ["redirect_route"]

STATUSES = (301, 302, 303, 307, 308)

_ABSOLUTE = r"[A-Za-z][A-Za-z0-9+.-]*://"
_CONTROL = r"[\x00-\x20\x7f]"


def redirect_route(source: str, target: str, status: int | None = None) -> Route:
    """The route of a redirect; it is not in the document.

    Raises:
        RegistrationError: The status is no redirection's, or the target could lead clients where nobody meant.
    """
    status = 303 if status is None else status
    place = f"redirect from {source} to {target!a}"
    if status not in STATUSES:
        raise RegistrationError(place, f"the status {status!r} is none of {', '.join(map(str, STATUSES))}")
    if re.search(_CONTROL, target):
        raise RegistrationError(place, "the target has blanks or control characters; percent-encode them")
    if target.replace("\\", "/").startswith("//"):
        raise RegistrationError(place, "the target would lead to another host; write its whole URL, or one slash")
    target = uri_of(target)
    absolute = re.match(_ABSOLUTE, target) is not None
    relative = target if target.startswith("/") else f"/{target}"

    def redirect(context: RequestContext) -> Reply:
        location = target if absolute else f"{context.base_path}{relative}"
        return Reply(status, [*ResponseHeaders([("location", location)]).raw, (b"content-length", b"0")], b"")

    spec = {"x-visibility": "undocumented", "responses": {str(status): {"description": "Redirect"}}}
    return Route("get", source, spec, redirect)
