"""Which verbs a path has: those of every template that matches it, as far as the path can mean what the template says.

``/todos/count`` is no todo where ids are numbers. So ``PUT /todos/{id}`` is not offered there beside ``GET
/todos/count``, and who tries it hears that the path has other verbs, not that ``count`` is no number. Where ids are
texts, it is the todo ``count``.
"""

from typing import Any

from mainspring.http import HttpErrors
from mainspring.rest.exchange import Exchange
from mainspring.rest.routers import VERB_ORDER, offered_verbs, specificity

__all__ = ["check_verb", "not_allowed", "verbs_at"]


def verbs_at(plan: Any, path: str) -> list[str]:
    """The verbs of a path in upper case, HEAD along with GET, and OPTIONS; none for an unknown path.

    Args:
        plan: The server as it is now.
        path: The undecoded path below the base path.
    """
    matches = {verb: match for verb in VERB_ORDER if (match := plan.router.find(verb, path)) is not None}
    own = ["get"] if path in plan.pages else []  # the document, or the explorer
    if not matches:
        return offered_verbs(own)
    best = min(map(_specificity, matches.values()))
    found = [verb for verb, match in matches.items() if _specificity(match) == best or _fits(plan, match)]
    return offered_verbs(dict.fromkeys([*own, *found]))


def check_verb(exchange: Exchange) -> None:
    """Refuse a request of which a path parameter cannot be read, if its path is rather another one with other verbs.

    Raises:
        HttpError: 405, with these.
    """
    plan, path, match = exchange.plan, exchange.path, exchange.match
    if path is None or match is None or not match.values:
        return
    verbs = verbs_at(plan, path)
    if verbs and exchange.method not in verbs:
        raise not_allowed(exchange, verbs)


def not_allowed(exchange: Exchange, verbs: list[str]) -> Exception:
    """The error of a path that has other verbs."""
    allow = ", ".join(verbs)
    message = f'Endpoint "{exchange.method} {exchange.raw_path}" is not allowed; the path has {allow}.'
    return HttpErrors.MethodNotAllowed(message, headers={"Allow": allow})


def _specificity(match: Any) -> tuple[Any, ...]:
    return specificity(match.route.template)


def _fits(plan: Any, match: Any) -> bool:
    """Whether the path has values for the variables of the template."""
    parts = plan.parts_of(match.route)
    return parts is None or parts.arguments.fits(match)
