"""``inject`` and ``config``: the markers people write, and what each of them resolves to."""

from collections.abc import Awaitable, Callable, Iterable
from functools import cmp_to_key
from typing import Any, TypeVar, overload

from mainspring.context.bindings import Binding
from mainspring.context.configuration import resolve_config
from mainspring.context.context import BindingCreationPolicy, Context
from mainspring.context.creations import Steps, drive
from mainspring.context.errors import InvalidKeyError
from mainspring.context.filters import BindingFilter, TagPattern, filter_by_key, filter_by_tag
from mainspring.context.injection import EMPTY, Foresight, Injection, InjectionPoint, ResolveFunction, give_context
from mainspring.context.keys import BindingKey, Key, is_type, key_text
from mainspring.context.resolving import MISSING, Run, locate, resolve_binding
from mainspring.context.sessions import Session
from mainspring.context.sorting import BindingComparator
from mainspring.context.views import ContextView

__all__ = ["Getter", "Setter", "config", "inject"]

T = TypeVar("T")

#: An async callable without arguments that gives the value at the time of the call.
Getter = Callable[[], Awaitable[T]]
#: A callable that sets the value.
Setter = Callable[[T], None]

_FUNCTION = type(lambda: None)
_POLICY = BindingCreationPolicy


class _Inject:
    """What is injected into a parameter or property: as default, in ``Annotated``, or as a property's value."""

    @overload
    def __call__(
        self,
        key: BindingKey[T] | type[T],
        *,
        optional: bool = ...,
        as_proxy_with_interceptors: bool = ...,
        resolve: None = ...,
    ) -> T: ...
    @overload
    def __call__(  # the keywords that custom decorators add are theirs to name
        self,
        key: Any = None,
        *,
        optional: bool = ...,
        as_proxy_with_interceptors: bool = ...,
        resolve: ResolveFunction | None = ...,
        comparator: BindingComparator | None = ...,
        **details: Any,
    ) -> Any: ...
    def __call__(
        self,
        key: Any = None,
        *,
        optional: bool = False,
        as_proxy_with_interceptors: bool = False,
        resolve: ResolveFunction | None = None,
        comparator: BindingComparator | None = None,
        **details: Any,
    ) -> Any:
        """Inject the value of a key, or by the annotated type without one.

        Args:
            key: Text (with a path), ``BindingKey``, class, or a binding filter (then a list of values).
            optional: Give ``None`` (or the own default) when nothing is bound.
            as_proxy_with_interceptors: Give a proxy that runs interceptors around method calls.
            resolve: ``fn(ctx, injection, session)`` that gives the value, plain or awaitable.
            comparator: The order of the values, with a filter.
            details: Kept in ``injection.marker.details`` for ``resolve``; ``decorator`` names the marker in messages.

        Raises:
            InvalidKeyError: The key is empty.
            ValueError: A comparator without a filter.
        """
        decorator = str(details.pop("decorator", "inject"))
        if resolve is None and is_filter(key):
            return Injection(
                key,
                optional=optional,
                resolve=_many(key, comparator),
                decorator=decorator,
                expects=list,
                details=details,
                foresee=_found_by(key),
            )
        if comparator is not None:
            raise ValueError(f"A comparator sorts the values of a filter; {key!r} is a key.")
        return Injection(
            key,
            optional=optional,
            as_proxy=as_proxy_with_interceptors,
            resolve=resolve,
            decorator=decorator,
            details=details,
        )

    @overload
    def getter(self, key: BindingKey[T] | type[T], *, optional: bool = ...) -> Getter[T]: ...
    @overload
    def getter(self, key: Any, *, optional: bool = ..., comparator: BindingComparator | None = ...) -> Getter[Any]: ...
    def getter(self, key: Any, *, optional: bool = False, comparator: BindingComparator | None = None) -> Any:
        """Inject an async callable that resolves the key (or the bindings of a filter) anew at each call."""
        if is_filter(key):

            def many(ctx: Any, _point: InjectionPoint, _session: Any) -> Any:
                async def get_all() -> list[Any]:
                    found: list[Any] = await drive(_values_of(ctx, key, comparator, Session.begin(sync=False)))
                    return found

                return get_all

            details = {"filter": key}
            return Injection(None, resolve=many, decorator="inject.getter", expects=_FUNCTION, details=details)
        if comparator is not None:
            raise ValueError(f"A comparator sorts the values of a filter; {key!r} is a key.")

        def make(ctx: Any, _point: InjectionPoint, _session: Any) -> Any:
            async def get() -> Any:
                return await ctx.get(key, optional=optional)

            return get

        return Injection(_checked(key), optional=optional, resolve=make, decorator="inject.getter", expects=_FUNCTION)

    @overload
    def setter(self, key: str, *, binding_creation: BindingCreationPolicy | str = ...) -> Setter[Any]: ...
    @overload
    def setter(
        self, key: BindingKey[T] | type[T], *, binding_creation: BindingCreationPolicy | str = ...
    ) -> Setter[T]: ...
    def setter(self, key: Any, *, binding_creation: BindingCreationPolicy | str = _POLICY.CREATE_IF_NOT_BOUND) -> Any:
        """Inject a callable that sets the value of the nearest binding of the key, or of a new one."""
        policy = BindingCreationPolicy(binding_creation)
        BindingKey.validate(key) if isinstance(key, str | BindingKey) else None

        def make(ctx: Any, _point: InjectionPoint, _session: Any) -> Any:
            def set_value(value: Any) -> None:
                ctx.find_or_create_binding(key, policy).to(value)

            return set_value

        return Injection(_checked(key), resolve=make, decorator="inject.setter", expects=_FUNCTION)

    def binding(
        self, key: Key[T] | None = None, *, binding_creation: BindingCreationPolicy | str = _POLICY.CREATE_IF_NOT_BOUND
    ) -> Any:
        """Inject the ``Binding`` of a key, found or created; without a key the one being resolved."""
        policy = BindingCreationPolicy(binding_creation)

        def find(ctx: Any, _point: InjectionPoint, session: Any) -> Any:
            return session.current_binding if key is None else ctx.find_or_create_binding(key, policy)

        checked = None if key is None else _checked(key)
        return Injection(checked, resolve=find, decorator="inject.binding", expects=Binding)

    def view(self, filter: Any, *, comparator: BindingComparator | None = None) -> Any:
        """Inject an open ``ContextView`` of the bindings that match (a filter, or a pattern of keys)."""
        matches = filter_by_key(filter)

        def make(ctx: Any, _point: InjectionPoint, _session: Any) -> Any:
            return ctx.create_view(matches, comparator)

        details = {"filter": filter}
        return Injection(None, resolve=make, decorator="inject.view", expects=ContextView, details=details)

    def tag(self, tag: TagPattern, *, comparator: BindingComparator | None = None) -> Any:
        """Inject the list of values of the bindings whose tags match."""
        return Injection(
            None,
            resolve=_many(filter_by_tag(tag), comparator),
            decorator="inject.tag",
            expects=list,
            details={"tag": tag},
            foresee=_found_by(filter_by_tag(tag)),
        )

    def context(self) -> Any:
        """Inject the resolution context."""
        return Injection(None, resolve=give_context, decorator="inject.context", expects=Context)


class _Config:
    """The configuration of the binding being resolved (or of another one), or what a path leads to in it."""

    def __call__(self, path: str = "", *, default: Any = EMPTY, from_binding: Key[Any] | None = None) -> Any:
        """Inject it; absent, the default, else the parameter's own, else ``None``.

        Args:
            path: A property path into the configuration; the whole of it without one.
            default: The value when nothing is configured there.
            from_binding: The key whose configuration is meant instead.
        """

        def find(ctx: Any, _point: InjectionPoint, session: Any) -> Any:
            return Run(_configured(ctx, session, path, from_binding, default))

        def foresee(ctx: Any, _point: InjectionPoint, session: Any) -> Iterable[Binding[Any]]:
            key = _configured_key(session, from_binding)
            found = None if key is None else locate(ctx, BindingKey.build_key_for_config(key_text(key)).key)
            return () if found is None else found[:1]

        details = {"path": path, "default": default, "from_binding": from_binding}
        return Injection(None, optional=True, resolve=find, decorator="config", details=details, foresee=foresee)

    def getter(self, path: str = "", *, from_binding: Key[Any] | None = None) -> Any:
        """Inject an async callable that reads the configuration at each call."""

        def make(ctx: Any, _point: InjectionPoint, session: Any) -> Any:
            key = _configured_key(session, from_binding)
            if key is None:
                return None

            async def get() -> Any:
                return await ctx.get_config(key, path or None)

            return get

        return Injection(None, optional=True, resolve=make, decorator="config.getter", expects=_FUNCTION)

    def view(self, path: str = "", *, from_binding: Key[Any] | None = None) -> Any:
        """Inject a ``ContextView`` whose ``single_value()`` follows the configuration."""

        def make(ctx: Any, _point: InjectionPoint, session: Any) -> Any:
            key = _configured_key(session, from_binding)
            if key is None:
                return None
            wanted = BindingKey.build_key_for_config(key).key
            return ContextView(ctx, lambda binding: binding.key == wanted, path=path)

        return Injection(None, optional=True, resolve=make, decorator="config.view", expects=ContextView)


inject = _Inject()
config = _Config()


def is_filter(key: Any) -> bool:
    """Whether it is a binding filter: callable, and neither a class nor a key."""
    return callable(key) and not isinstance(key, str | BindingKey) and not is_type(key)


def _checked(key: Any) -> Any:
    if key is None:
        raise InvalidKeyError("A key is needed here: a text, a BindingKey or a class.")
    return key


def _many(matches: BindingFilter, comparator: BindingComparator | None) -> ResolveFunction:
    return lambda ctx, _point, session: Run(_values_of(ctx, matches, comparator, session))


def _found_by(matches: BindingFilter) -> Foresight:
    return lambda ctx, _point, _session: ctx.find(matches)


def _values_of(ctx: Any, matches: BindingFilter, comparator: BindingComparator | None, session: Session) -> Steps:
    bindings = ctx.find(matches)
    if comparator is not None:
        bindings = sorted(bindings, key=cmp_to_key(comparator))
    values = []
    for binding in bindings:
        owner = ctx.get_owner_context(binding) or ctx
        values.append((yield from resolve_binding(binding, owner, ctx, session)))
    return values


def _configured_key(session: Any, from_binding: Any) -> Any:
    if from_binding is not None:
        return from_binding
    binding = session.current_binding
    return binding.key if binding is not None else None


def _configured(ctx: Any, session: Any, path: str, from_binding: Any, default: Any) -> Steps:
    key = _configured_key(session, from_binding)
    if key is None:
        return MISSING if default is EMPTY else default
    value = yield from resolve_config(ctx, key_text(key), path or None, session)
    return default if value is MISSING and default is not EMPTY else value
