"""Interceptors: functions around a method call. Which ones run, in which order, and how they are composed."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import cmp_to_key, partial
from types import FunctionType, MethodType
from typing import Any, TypeVar

from mainspring.context.awaitables import is_awaitable
from mainspring.context.bindings import Binding, BindingTemplate
from mainspring.context.configuration import ContextBindings
from mainspring.context.context import Context
from mainspring.context.describing import ContextTags, create_binding_from_class, injectable
from mainspring.context.errors import ResolutionError
from mainspring.context.filters import filter_by_tag
from mainspring.context.keys import BindingKey, Key, key_text
from mainspring.context.known import KnownValue
from mainspring.context.sorting import BindingComparator, compare_by_order
from mainspring.context.sources import is_class
from mainspring.metadata import define_metadata, get_metadata, has_metadata

__all__ = [
    "GLOBAL_INTERCEPTOR_NAMESPACE",
    "LOCAL_INTERCEPTOR_NAMESPACE",
    "Interceptor",
    "InterceptorChain",
    "Next",
    "as_global_interceptor",
    "compose_interceptors",
    "declared_interceptors",
    "global_interceptor",
    "intercept",
    "interceptor_binding",
    "interceptors_for",
    "register_interceptor",
]

Next = Callable[[], Awaitable[Any]]
Interceptor = Callable[[Any, Next], Any]
T = TypeVar("T")
C = TypeVar("C", bound=Any)

GLOBAL_INTERCEPTOR_NAMESPACE = "global_interceptors"
LOCAL_INTERCEPTOR_NAMESPACE = "interceptors"

_INTERCEPTORS = "mainspring.context:interceptors"


def intercept(*interceptors: Any) -> Callable[[T], T]:
    """Mark a class or a method with interceptors: functions, keys of bindings, or provider classes.

    They run in the order listed (several ``@intercept`` from top to bottom) around calls through ``invoke_method`` or a
    proxy; a direct call runs none.

    Raises:
        TypeError: It decorates something that is neither a class nor a function.
    """
    for item in interceptors:
        if not isinstance(item, str | BindingKey) and not callable(item):
            raise TypeError(f"An interceptor is a function, a key or a provider class, not {item!r}.")

    def decorate(target: T) -> T:
        if isinstance(target, type) and is_class(target):
            own = get_metadata(_INTERCEPTORS, target, own=True, default=())
            define_metadata(_INTERCEPTORS, (*interceptors, *own), target)
            return target
        function = target.__func__ if isinstance(target, staticmethod | classmethod) else target
        if not inspect.isroutine(function):
            raise TypeError(f"@intercept decorates classes and methods, not {target!r}.")
        define_metadata(_INTERCEPTORS, (*interceptors, *get_metadata(_INTERCEPTORS, function, default=())), function)
        return target

    return decorate


def _declared_on_method(cls: type[Any], name: str) -> tuple[Any, ...]:
    """Of the nearest class whose method says anything: an override without ``@intercept`` keeps what it overrides."""
    for klass in cls.__mro__:
        member = klass.__dict__.get(name)
        function = member.__func__ if isinstance(member, staticmethod | classmethod) else member
        while function is not None:
            if inspect.isfunction(function) and has_metadata(_INTERCEPTORS, function):
                found: tuple[Any, ...] = get_metadata(_INTERCEPTORS, function, default=())
                return found
            function = getattr(function, "__wrapped__", None)
    return ()


def _declared_on_class(cls: type[Any]) -> tuple[Any, ...]:
    found: tuple[Any, ...] = get_metadata(_INTERCEPTORS, cls, default=())
    return found


def declared_interceptors(cls: type[Any]) -> Iterator[tuple[Any, Any]]:
    """What ``@intercept`` names on a class and on its methods, each with the class or function it stands on."""
    for item in _declared_on_class(cls):
        yield item, cls
    for name in dict.fromkeys(name for klass in cls.__mro__ for name in vars(klass)):
        for item in _declared_on_method(cls, name):
            yield item, getattr(cls, name)


def interceptor_binding(cls: type[Any]) -> Binding[Any]:
    """What makes an interceptor of a class: it is one, or its ``value()`` gives one."""
    binding: Binding[Any] = Binding(BindingKey.generate("interceptor"))
    return binding.to_provider(cls) if callable(getattr(cls, "value", None)) else binding.to_class(cls)


def interceptors_for(ctx: Context, cls: type[Any], name: str, source: Any) -> list[Any]:
    """The interceptors of a call: global ones, the class's, the method's; a duplicate counts at its innermost place."""
    declared = [*_global_keys(ctx, source), *_declared_on_class(cls), *_declared_on_method(cls, name)]
    listed = [item.key if isinstance(item, BindingKey) else item for item in declared]
    result: list[Any] = []
    for item in reversed(listed):
        if not any(_is_same(item, other) for other in result):
            result.append(item)
    return result[::-1]


def _is_same(first: Any, second: Any) -> bool:
    """The same key or object; a bound method is a new one each time it is read."""
    return first is second or (isinstance(first, str | MethodType) and bool(first == second))


_IS_GLOBAL = filter_by_tag(ContextTags.GLOBAL_INTERCEPTOR)


def _global_keys(ctx: Context, source: Any) -> list[str]:
    bindings = [binding for binding in ctx.find(_IS_GLOBAL) if _applies(binding, source)]
    if len(bindings) > 1:
        order = ctx.get_sync(ContextBindings.GLOBAL_INTERCEPTOR_ORDERED_GROUPS, optional=True) or []
        group = ContextTags.GLOBAL_INTERCEPTOR_GROUP
        bindings.sort(key=cmp_to_key(lambda a, b: compare_by_order(a.tag_map.get(group), b.tag_map.get(group), order)))
    return [binding.key for binding in bindings]


def _applies(binding: Binding[Any], source: Any) -> bool:
    allowed = binding.tag_map.get(ContextTags.GLOBAL_INTERCEPTOR_SOURCE)
    if allowed is None or source is None:
        return True
    kind = getattr(source, "type", None)
    return kind in allowed if isinstance(allowed, list | tuple | set | frozenset) else kind == allowed


class InterceptorChain:
    """Interceptors in order, for any context: a list of them (functions, keys, provider classes), or a binding filter.

    Args:
        ctx: Where keys are resolved, and what every interceptor gets.
        interceptors: The list, or a filter of bindings, asked anew at each invocation.
        comparator: The order of the bindings of a filter.
    """

    def __init__(self, ctx: Any, interceptors: Any, comparator: BindingComparator | None = None) -> None:
        self.context = ctx
        self._interceptors = interceptors
        self._comparator = comparator

    def _listed(self) -> list[Any]:
        if callable(self._interceptors):
            bindings = self.context.find(self._interceptors)
            if self._comparator is not None:
                bindings = sorted(bindings, key=cmp_to_key(self._comparator))
            return [binding.key for binding in bindings]
        return list(self._interceptors)

    async def invoke(self, final: Callable[[], Any] | None = None) -> Any:
        """Run the chain; innermost is ``final``. An empty chain without one gives ``None``."""
        return await run_chain(self.context, self._listed(), final or _nothing)

    def as_interceptor(self) -> Interceptor:
        """The chain as one interceptor, around the ``next`` it is called with."""

        async def chain(_ctx: Any, next: Next) -> Any:
            return await self.invoke(next)

        return chain


def _nothing() -> None:
    return None


async def run_chain(ctx: Any, interceptors: Sequence[Any], final: Callable[[], Any]) -> Any:
    """Run interceptors around ``final``; each ``next`` may be called again, which runs the rest again."""
    count = len(interceptors)

    async def step(position: int) -> Any:
        if position == count:
            result = final()
        else:
            item = interceptors[position]
            interceptor = item if type(item) is FunctionType else await _loaded(ctx, item)
            result = interceptor(ctx, partial(step, position + 1))
        return await result if is_awaitable(result) else result

    return await step(0)


async def _loaded(ctx: Any, item: Any) -> Interceptor:
    """The function behind a key or a provider class."""
    if type(item) is KnownValue:
        item = await item.load(ctx)
    elif isinstance(item, str | BindingKey):
        item = await ctx.get(item)
    elif is_class(item):
        item = await interceptor_binding(item).get_value(ctx)
    if not callable(item):
        raise ResolutionError(f"An interceptor must be callable, not {item!r}.")
    return item  # type: ignore[no-any-return]  # checked to be callable


def compose_interceptors(*interceptors: Any) -> Interceptor:
    """One interceptor of several: the listed ones around the given ``next``; with none it is just ``next()``."""

    async def composed(ctx: Any, next: Next) -> Any:
        return await run_chain(ctx, interceptors, next)

    return composed


def as_global_interceptor(group: str | None = None) -> BindingTemplate:
    """A template that makes a binding a global interceptor, of a group if one is given."""

    def template(binding: Binding[Any]) -> None:
        binding.tag(ContextTags.GLOBAL_INTERCEPTOR, {ContextTags.NAMESPACE: GLOBAL_INTERCEPTOR_NAMESPACE})
        if group is not None:
            binding.tag({ContextTags.GLOBAL_INTERCEPTOR_GROUP: group})

    return template


_MARKED_GLOBAL = "mainspring.context:global_interceptor"


def global_interceptor(
    group: str | None = None, tags: str | Mapping[str, Any] | Iterable[str | Mapping[str, Any]] = ()
) -> Callable[[C], C]:
    """Mark a provider class (or a function in an interceptor file) as a global interceptor."""

    def decorate(target: C) -> C:
        define_metadata(_MARKED_GLOBAL, {"group": group, "tags": tags}, target)
        if is_class(target):
            injectable(as_global_interceptor(group), tags=tags)(target)
        return target

    return decorate


def register_interceptor(
    ctx: Context,
    interceptor: Any,
    *,
    global_: bool = False,
    group: str | None = None,
    key: Key[Any] | None = None,
    source: str | list[str] | None = None,
    name: str | None = None,
) -> Binding[Any]:
    """Bind an interceptor function or provider class; ``group`` or ``source`` imply that it is global.

    Raises:
        TypeError: It is neither.
    """
    if not callable(interceptor):
        raise TypeError(f"An interceptor is a function or a provider class, not {interceptor!r}.")
    marked = get_metadata(_MARKED_GLOBAL, interceptor, default=None) if _can_be_marked(interceptor) else None
    is_global = global_ or group is not None or source is not None or marked is not None
    space = GLOBAL_INTERCEPTOR_NAMESPACE if is_global else LOCAL_INTERCEPTOR_NAMESPACE
    if isinstance(interceptor, type) and is_class(interceptor):
        binding = create_binding_from_class(interceptor, key=key, name=name, namespace=space)
    else:
        binding = Binding(key if key is not None else _key_of(interceptor, space, name)).to(interceptor)
        if marked is not None and marked["tags"]:
            tags = marked["tags"]
            binding.tag(*([tags] if isinstance(tags, str | Mapping) else tags))
    if is_global:
        binding.apply(as_global_interceptor(group if group is not None else (marked or {}).get("group")))
    if source is not None:
        binding.tag({ContextTags.GLOBAL_INTERCEPTOR_SOURCE: source})
    ctx.add(binding)
    return binding


def _can_be_marked(interceptor: Any) -> bool:
    return is_class(interceptor) or inspect.isfunction(interceptor)


def _key_of(interceptor: Any, space: str, name: str | None) -> BindingKey[Any]:
    name = name or getattr(interceptor, "__name__", None) or ""
    if not name or name == "<lambda>":
        return BindingKey.generate(space)
    return BindingKey(f"{space}.{key_text(name)}")
