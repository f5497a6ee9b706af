"""What a method says of its results: ``@cached`` and ``@forgets``. One that says nothing is judged by its verb."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from mainspring import InvocationContext
from mainspring.metadata import define_metadata, get_metadata

__all__ = ["Policy", "cached", "forgets", "key_of_arguments", "policy_of"]

F = TypeVar("F", bound=Callable[..., Any])
MakeKey = Callable[[InvocationContext], str]

POLICY = "bookshop:policy"


def key_of_arguments(invocation: InvocationContext) -> str:
    """The method with its arguments: of a route these are its declared parameters, so that others make no keys."""
    return f"{invocation.target_name}{invocation.args!r}{sorted(invocation.kwargs.items())!r}"


@dataclass(frozen=True)
class Policy:
    """What becomes of the results of a method.

    Attributes:
        is_kept: Whether they are.
        ttl: Seconds to keep them; ``None``: as long as the cache is set to.
        key: What they are kept under.
        forgets: The groups, which are names of classes, whose results are forgotten after a call.
    """

    is_kept: bool = False
    ttl: float | None = None
    key: MakeKey = key_of_arguments
    forgets: tuple[str, ...] = ()


def cached(ttl: float | None = None, key: MakeKey = key_of_arguments) -> Callable[[F], F]:
    """Keep the results of a method; a ``ttl`` of 0 means never to."""
    return _noting(Policy(is_kept=ttl != 0, ttl=ttl, key=key))


def forgets(*groups: str) -> Callable[[F], F]:
    """After a call that succeeds, forget the results of classes."""
    return _noting(Policy(forgets=groups))


def _noting(policy: Policy) -> Callable[[F], F]:
    def decorate(method: F) -> F:
        define_metadata(POLICY, policy, method)
        return method

    return decorate


def policy_of(invocation: InvocationContext) -> Policy:
    """What a method says; of a route that says nothing, results of GET are kept, and other verbs forget its class."""
    method = getattr(invocation.target_class, invocation.method_name)
    said: Policy | None = get_metadata(POLICY, method, default=None)
    if said is not None:
        return said
    verb = getattr(invocation.source, "verb", None)  # a call of a service has none
    if verb is None:
        return Policy()
    return Policy(is_kept=True) if verb == "get" else Policy(forgets=(invocation.target_class.__name__,))
