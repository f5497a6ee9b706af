"""Declaring middleware: templates, options and bindings. Running it is the chain's business."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mainspring.context import Binding, BindingKey, BindingTemplate, Context, create_binding_from_class
from mainspring.context.interceptors import run_chain
from mainspring.rest.errors import RegistrationError
from mainspring.rest.keys import RestBindings, RestTags

__all__ = ["DEFAULT_CHAIN", "Middleware", "as_middleware", "compose_middleware", "middleware_binding"]

Middleware = Callable[[Any, Callable[[], Any]], Any]
"""``async def middleware(context, next)``, a plain function too."""

DEFAULT_CHAIN = "default"
"""The chain that the default sequence runs."""

DEFAULT_GROUP = "middleware"

_OPTIONS = frozenset(
    {"key", "name", "chain", "group", "upstream_groups", "downstream_groups", "path", "verbs", "binds", "scope"}
)


def as_middleware(
    *,
    chain: str | None = None,
    group: str | None = None,
    upstream_groups: str | Sequence[str] = (),
    downstream_groups: str | Sequence[str] = (),
) -> BindingTemplate:
    """A template that makes a binding a middleware; for ``@injectable(as_middleware(...))`` and ``binding.apply(...)``.

    Args:
        chain: The chain it belongs to, the default sequence's by default.
        group: Its group, ``middleware`` by default.
        upstream_groups: Groups that come before, outside of it.
        downstream_groups: Groups that come after, inside of it.
    """

    def template(binding: Binding[Any]) -> None:
        binding.tag(RestTags.MIDDLEWARE)
        tags = binding.tag_map
        if chain is not None or RestTags.MIDDLEWARE_CHAIN not in tags:
            binding.tag({RestTags.MIDDLEWARE_CHAIN: chain or DEFAULT_CHAIN})
        if group is not None or RestTags.GROUP not in tags:
            binding.tag({RestTags.GROUP: group or DEFAULT_GROUP})
        for name, groups in (
            (RestTags.UPSTREAM_GROUPS, upstream_groups),
            (RestTags.DOWNSTREAM_GROUPS, downstream_groups),
        ):
            if groups or name not in tags:
                binding.tag({name: as_list(groups)})

    return template


def as_list(value: str | Sequence[str] | None) -> list[str]:
    """A text as a list of one."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def middleware_binding(ctx: Context, middleware: Any, options: Mapping[str, Any] | None = None) -> Binding[Any]:
    """The binding of a middleware: a function, a provider class, or a class with ``__call__(context, next)``.

    Raises:
        RegistrationError: It is none of these, or an option is unknown.
    """
    given = dict(options or {})
    unknown = sorted(set(given) - _OPTIONS)
    name = getattr(middleware, "__name__", type(middleware).__name__)
    if unknown:
        raise RegistrationError(
            f"middleware {name}", f"{unknown[0]!r} is no option; known are {', '.join(sorted(_OPTIONS))}"
        )
    if not callable(middleware):
        raise RegistrationError(
            f"middleware {middleware!r}", "give a function (context, next), or a class that makes one"
        )
    binding = (
        _class_binding(middleware, given) if isinstance(middleware, type) else _function_binding(ctx, middleware, given)
    )
    relations = {key: given[key] for key in ("chain", "group", "upstream_groups", "downstream_groups") if key in given}
    binding.apply(as_middleware(**relations))
    limits = {key: as_list(given[key]) for key in ("path", "verbs") if given.get(key) is not None}
    binding.tag({**limits, **({"binds": list(given["binds"])} if given.get("binds") else {})})
    return binding


def _class_binding(middleware: type[Any], given: Mapping[str, Any]) -> Binding[Any]:
    if not callable(getattr(middleware, "value", None)) and "__call__" not in dir(middleware):
        raise RegistrationError(
            f"middleware {middleware.__name__}",
            "the class has neither value() nor __call__(context, next); give it one",
        )
    binding = create_binding_from_class(
        middleware, key=given.get("key"), name=given.get("name"), namespace=RestBindings.MIDDLEWARE
    )
    if given.get("scope") is not None:
        binding.in_scope(given["scope"])
    return binding


def _function_binding(ctx: Context, middleware: Any, given: Mapping[str, Any]) -> Binding[Any]:
    key = given.get("key")
    if key is None:
        name = str(given.get("name") or getattr(middleware, "__name__", ""))
        key = f"{RestBindings.MIDDLEWARE}.{name}"
        # Two functions of one name are two middleware: the later one gets a key of its own.
        if not name.isidentifier() or (given.get("name") is None and ctx.contains(key)):
            key = BindingKey.generate(RestBindings.MIDDLEWARE)
    return Binding(key).to(middleware)


def compose_middleware(*middleware: Middleware) -> Middleware:
    """One middleware of several: the given ones, in this order, around ``next``.

    Raises:
        RegistrationError: None was given.
    """
    if not middleware:
        raise RegistrationError("compose_middleware()", "there is nothing to compose; give at least one middleware")

    async def composed(context: Any, next: Callable[[], Any]) -> Any:
        return await run_chain(context, middleware, next)

    return composed
