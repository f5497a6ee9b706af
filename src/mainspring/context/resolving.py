"""How a binding becomes a value: the reference behaviour, word for word, with the path for errors.

Everything here is a generator (`Steps`) that yields what must be awaited and returns the value, so that one text serves
``get`` and ``get_sync``. A session carries the path; ``MISSING`` stands for "absent, and that is allowed".
"""

from asyncio import get_running_loop
from collections.abc import AsyncGenerator, Awaitable, Generator
from inspect import Parameter
from threading import get_ident
from typing import Any

from mainspring.context.awaitables import is_awaitable
from mainspring.context.bindings import Binding, BindingScope
from mainspring.context.cleanup import Cleanup
from mainspring.context.creations import Creation, Deferred, Steps, discard
from mainspring.context.errors import AsyncValueError, ContextError, KeyNotBoundError, ResolutionError, ScopeError
from mainspring.context.injection import EMPTY, Injection, InjectionPoint, check_expected
from mainspring.context.keys import BindingKey, describe_type, is_type, read_path, split_key
from mainspring.context.sessions import ARROW, ResolutionContext, Session, calling, circular
from mainspring.context.signatures import call_spec, class_spec, method_spec
from mainspring.context.sources import BindingSource, BindingType, is_class

__all__ = [
    "MISSING",
    "Run",
    "address_of",
    "arguments",
    "awaited",
    "keep_bare",
    "locate",
    "not_bound",
    "required_holder",
    "resolution_context",
    "resolve",
    "resolve_binding",
    "resolve_point",
    "set_absent",
    "without_yield",
]

MISSING: Any = type("Missing", (), {"__repr__": lambda _self: "<missing>", "__slots__": ()})()


class Run:
    """What a resolve function of this room returns when its own steps are to be run."""

    __slots__ = ("steps",)

    def __init__(self, steps: Steps) -> None:
        self.steps = steps


class Within(Deferred):
    """An awaitable during which questions to contexts belong to a session."""

    __slots__ = ("_awaitable", "_session")

    def __init__(self, session: Session, awaitable: Awaitable[Any]) -> None:
        self._session, self._awaitable = session, awaitable

    def __await__(self) -> Generator[Any, Any, Any]:
        with calling(self._session):
            return (yield from self._awaitable.__await__())

    def close(self) -> None:
        """Drop it without awaiting."""
        discard(self._awaitable)


# Which binding


def locate(ctx: Any, key: Any) -> tuple[Binding[Any], Any] | None:
    """The nearest binding of a text or type and the context that owns it.

    Raises:
        AmbiguousTypeError: Several bindings of the nearest context that has any provide the type.
    """
    if not isinstance(key, str):
        found: tuple[Binding[Any], Any] | None = ctx.find_provider(key)
        return found
    owner = ctx
    while owner is not None:
        binding = owner.own_binding(key)
        if binding is not None:
            return binding, owner
        owner = owner._parent
    return None


def address_of(key: Any) -> tuple[Any, str | None]:
    """What to look for (text or type) and the property path to read from the value."""
    if isinstance(key, str):
        return split_key(key) if "#" in key else (BindingKey.validate_text(key), None)
    if isinstance(key, BindingKey):
        return key.key if key.type is None else key.type, key.property_path
    if is_type(key):
        return key, None
    return BindingKey.validate(key), None


def resolve(ctx: Any, key: Any, session: Session, *, optional: bool = False, as_proxy: bool = False) -> Steps:
    """The value of a key as seen from a context; ``MISSING`` when it is optional and absent."""
    address, path = address_of(key)
    return (yield from _resolve_address(ctx, address, path, session, optional, as_proxy))


def _resolve_address(
    ctx: Any, address: Any, path: str | None, session: Session, optional: bool, as_proxy: bool
) -> Steps:
    try:
        found = locate(ctx, address)
    except ContextError as error:
        raise error.with_path(session.resolution_path) from None
    if found is None:
        if optional:
            return MISSING
        raise not_bound(ctx, address, session)
    binding, owner = found
    value = yield from resolve_binding(binding, owner, ctx, session, optional=optional)
    if value is MISSING:
        return MISSING
    value = read_path(value, path) if path else value
    if as_proxy:
        return ctx.as_proxy(value, ARROW.join(filter(None, (session.binding_path, binding.key))))
    return value


def not_bound(ctx: Any, address: Any, session: Session) -> KeyNotBoundError:
    """The error of an absent key, with the contexts searched and the nearest names."""
    contexts = [each.name for each in ctx.chain()]
    path = session.resolution_path
    if isinstance(address, str):
        path = f"{path}{ARROW}{address}" if path else ""
        reason = f"Key {address!r} is not bound in {' <- '.join(contexts)}: bind it there, or ask with optional=True."
        near = ctx.nearest_keys(address)
        return KeyNotBoundError(reason, key=address, path=path, contexts=contexts, suggestions=near)
    name = describe_type(address)
    reason = (
        f"Nothing in {' <- '.join(contexts)} provides the type {name}: bind it with to_class, a factory annotated "
        "to return it, or binding.provides(...)."
    )
    return KeyNotBoundError(reason, key=name, path=path, contexts=contexts)


# Which context


def resolution_context(binding: Binding[Any], owner: Any, ctx: Any) -> Any:
    """Where the dependencies of the binding are looked up and its value is kept; ``None`` without a fitting scope."""
    scope = binding.scope
    if scope is BindingScope.TRANSIENT or scope is BindingScope.CONTEXT:
        return ctx
    if scope is BindingScope.SINGLETON:
        return owner
    scoped = ctx.get_scoped_context(scope)
    return ctx if scoped is None and scope is BindingScope.REQUEST else scoped


def required_holder(binding: Binding[Any], owner: Any, ctx: Any, session: Session, optional: bool) -> Any:
    """The resolution context; ``MISSING`` when there is none that fits and that is allowed.

    Raises:
        ScopeError: There is none that fits.
    """
    holder = resolution_context(binding, owner, ctx)
    if holder is not None and (holder is owner or owner.is_visible_to(holder)):
        return holder
    if optional:
        return MISSING
    key, scope = binding.key, binding.scope.value
    names = [each.name for each in ctx.chain()]
    if holder is None:
        reason = f"Binding {key!r} has scope {scope!r}, but no context of that scope is in {' <- '.join(names)}."
    else:
        reason = (
            f"Binding {key!r} has scope {scope!r} but is held by context {owner.name!r} below {holder.name!r}: "
            f"bind it in {holder.name!r} or above, or choose another scope."
        )
    raise ScopeError(reason, key=key, path=ARROW.join([*session.path_words(), key]), contexts=names)


# The value of a binding


def resolve_binding(binding: Binding[Any], owner: Any, ctx: Any, session: Session, *, optional: bool = False) -> Steps:
    """The value of a binding owned by one context, asked for in another one."""
    source = binding.source
    holder = required_holder(binding, owner, ctx, session, optional)
    if source is None and not optional:
        frame = session.enter(binding, holder)
        reason = f"No value was configured for binding {binding.key!r}: call to(...), to_class(...) or another to_*."
        raise ResolutionError(reason, key=binding.key, path=frame.resolution_path)
    if source is None or holder is MISSING:
        return MISSING
    if source.type is BindingType.CONSTANT:
        return source.value
    if binding.scope is BindingScope.TRANSIENT:
        return (yield from _make(binding, holder, session.enter(binding, holder), optional))
    return (yield from _keep(binding, holder, session, optional))


def _keep(binding: Binding[Any], holder: Any, session: Session, optional: bool) -> Steps:
    """The value kept in the holder, made at most once."""
    while True:
        value = holder.kept_value(binding)
        if value is MISSING:
            value = keep_bare(binding, holder)
        if value is not MISSING:
            return value
        frame = session.enter(binding, holder)
        creation, mine = holder.claim_creation(binding)
        if not mine:
            value = yield from _join(creation, holder, session, frame)
            if value is not MISSING:
                return value
            continue
        frame.creation = creation
        steps = _make(binding, holder, frame, optional)
        # Begun here and now; only if it has to wait does it go on as a task of its own.
        try:
            awaitable = steps.send(None)
        except StopIteration as stop:
            creation.ended(stop.value)
            holder.settle_creation(creation, stop.value, kept=stop.value is not MISSING)
            return stop.value
        except BaseException as error:
            creation.ended(None, error)
            holder.settle_creation(creation, None, kept=False)
            raise
        creation.become_task(steps, awaitable)
        return (yield creation.wait(session))


def keep_bare(binding: Binding[Any], holder: Any) -> Any:
    """The instance kept in the holder of a class whose making runs nobody's code; ``MISSING`` of any other source."""
    epoch, source = binding.epoch, binding.source  # in this order: see `keep_instance`
    assert source is not None
    cls: Any = source.value
    if (
        source.type is BindingType.CLASS
        and cls.__init__ is object.__init__
        and cls.__new__ is object.__new__
        and type(cls) is type
        and not class_spec(cls).properties
    ):
        return holder.keep_instance(binding, epoch, cls)
    return MISSING


def _join(creation: Creation | None, holder: Any, session: Session, frame: Session) -> Steps:
    """Wait for somebody else's creation, unless it has ended; ``MISSING`` means: look again."""
    if creation is None:
        return MISSING
    if creation.task is None:
        if creation.thread == get_ident():
            raise circular(frame.path_words(), creation.binding.key)
        creation.wait_in_thread(frame)
        return creation.outcome(MISSING)
    if frame.sync:
        raise asynchronous(frame)
    if creation.loop is not get_running_loop():
        holder.forget_creation(creation)
        return MISSING
    return (yield creation.wait(session))


def _make(binding: Binding[Any], holder: Any, frame: Session, optional: bool) -> Steps:
    """Make the value anew from its source."""
    source = binding.source
    assert source is not None
    if source.type is BindingType.CLASS:
        return _instantiate(source.value, holder, frame)
    return _ask(source, holder, frame, optional)


def _ask(source: BindingSource, holder: Any, frame: Session, optional: bool) -> Steps:
    """The value from a source that is no class."""
    if source.type is BindingType.CONSTANT:  # another thread made it one since it was looked at
        return source.value
    if source.type is BindingType.ALIAS:
        target = source.key if source.key is not None else source.value
        return (yield from resolve(holder, target, frame, optional=optional))
    call = source.call
    if source.type is BindingType.PROVIDER:
        call = (yield from _instantiate(source.value, holder, frame)).value
    assert call is not None
    spec = method_spec(source.value, "value", call) if is_class(source.value) else call_spec(call)
    args, kwargs = yield from arguments(spec.points, holder, frame)
    return (yield from _produce(source, call, args, kwargs, holder, frame))


def _instantiate(cls: type[Any], holder: Any, frame: Session) -> Steps:
    """An instance with injected arguments and properties; everything is resolved before it is made."""
    spec = class_spec(cls)
    points = spec.constructor.points
    args, kwargs = (yield from arguments(points, holder, frame)) if points else ([], {})
    properties = []
    for point in spec.properties:
        properties.append((point, (yield from resolve_point(point, holder, frame))))
    instance = _call(frame, cls, args, kwargs)
    for point, value in properties:
        if value is MISSING:
            _call(frame, set_absent, [instance, point], {})
        else:
            _call(frame, setattr, [instance, point.member, value], {})
    return instance


def set_absent(instance: Any, point: InjectionPoint) -> None:
    """An optional property is absent: what ``__init__`` set stays, else the class's own default, else ``None``."""
    current = getattr(instance, point.member, MISSING)
    if current is MISSING or isinstance(current, Injection):
        setattr(instance, point.member, None)


def _produce(
    source: BindingSource, call: Any, args: list[Any], kwargs: dict[str, Any], holder: Any, frame: Session
) -> Steps:
    """Call a factory; of a generator, take the value and leave the rest as clean-up to the holder."""
    changes = holder._changes
    result = _call(frame, call, args, kwargs)
    awaits, binds = is_awaitable(result), holder._changes != changes
    if (binds or source.awaits is not awaits) and frame.binding is not None:
        frame.binding.note_factory(source, awaits=awaits, binds=binds)
    if awaits:
        return (yield from awaited(result, frame))
    # Looked at, too: what decorates a generator function may make a plain value of it.
    if source.flavour == "plain" or not isinstance(result, Generator | AsyncGenerator):
        return result
    return (yield from _begin(result, holder, frame))


def _begin(generator: Generator[Any, Any, Any] | AsyncGenerator[Any, Any], holder: Any, frame: Session) -> Steps:
    """What the generator yields first."""
    holder.check_open(frame)
    if frame.sync and isinstance(generator, AsyncGenerator):
        raise asynchronous(frame)
    try:
        if isinstance(generator, AsyncGenerator):
            value = yield from awaited(anext(generator), frame)
        else:
            value = _call(frame, next, [generator], {})
    except (StopIteration, StopAsyncIteration) as error:
        raise without_yield(frame) from error
    assert frame.binding is not None
    cleanup = Cleanup(frame.binding, generator)
    if not holder.add_cleanup(cleanup):  # it was closed meanwhile
        yield from awaited(cleanup.run(), frame)
        holder.check_open(frame)
    return value


def without_yield(frame: Session) -> ResolutionError:
    """The error of a generator that gave no value."""
    key = frame.binding.key if frame.binding is not None else ""
    reason = f"The generator for {key!r} ended without a yield: it must yield its value once."
    return ResolutionError(reason, key=key, path=frame.resolution_path)


def _call(frame: Session, call: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    try:
        with calling(frame):
            return call(*args, **kwargs)
    except (StopIteration, StopAsyncIteration):
        raise
    except Exception as error:
        note_path(error, frame)
        raise


def awaited(awaitable: Awaitable[Any], frame: Session) -> Steps:
    """The result of something awaitable.

    Raises:
        AsyncValueError: The resolution is synchronous.
    """
    if frame.sync:
        discard(awaitable)
        raise asynchronous(frame)
    try:
        return (yield Within(frame, awaitable))
    except StopAsyncIteration:
        raise
    except Exception as error:
        note_path(error, frame)
        raise


def asynchronous(frame: Session) -> AsyncValueError:
    """The error of a synchronous get that met something to await."""
    binding = frame.current_binding
    key = binding.key if binding is not None else ""
    return AsyncValueError(
        f"The value of {key!r} is asynchronous: use `await get(...)` instead of get_sync.",
        key=key,
        path=frame.resolution_path,
    )


def note_path(error: Exception, frame: Session) -> None:
    """Tell where in the resolution a user's exception arose: the innermost place, once."""
    if isinstance(error, ContextError):
        error.with_path(frame.resolution_path)
        return
    if not any(note.startswith("Resolution path: ") for note in getattr(error, "__notes__", ())):
        error.add_note(f"Resolution path: {frame.resolution_path}")


# Injection points


def arguments(points: tuple[InjectionPoint, ...], ctx: Any, frame: Session) -> Steps:
    """Positional and keyword arguments for a call, resolved in order of declaration."""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for point in points:
        value = yield from resolve_point(point, ctx, frame)
        if value is MISSING:
            if point.default is not EMPTY and point.kind is not Parameter.POSITIONAL_ONLY:
                continue
            value = None if point.default is EMPTY else point.default
        if point.kind is Parameter.POSITIONAL_ONLY:
            args.append(value)
        else:
            kwargs[str(point.parameter)] = value
    return args, kwargs


def resolve_point(point: InjectionPoint, ctx: Any, session: Session) -> Steps:
    """The value for one parameter or property; ``MISSING`` when it is optional and absent."""
    frame = session.at(point)
    marker = point.marker
    if marker is None or (marker.key is None and marker.resolve is None):
        return (yield from _by_type(point, ctx, frame))
    if marker.resolve is None:
        address, path = address_of(marker.key)
        if not path or point.default is EMPTY:
            return (yield from _resolve_address(ctx, address, path, frame, point.optional, marker.as_proxy))
        # A path that leads nowhere is `None` to who asks; an own default says what it is to this parameter.
        value = yield from _resolve_address(ctx, address, None, frame, point.optional, marker.as_proxy)
        return read_path(value, path, MISSING) if value is not MISSING else value
    if marker.expects is not None:
        check_expected(point, marker.expects, frame)
    value = _call(frame, marker.resolve, [ctx, point, frame], {})
    if isinstance(value, Run):
        return (yield from value.steps)
    return (yield from awaited(value, frame)) if is_awaitable(value) else value


def _by_type(point: InjectionPoint, ctx: Any, frame: Session) -> Steps:
    try:
        wanted = point.wanted
    except ResolutionError as error:
        raise error.with_path(frame.resolution_path) from error.__cause__
    if wanted is EMPTY:
        if point.optional and point.marker is None:
            return MISSING
        raise ResolutionError(
            f"Nothing says what to inject into {point.target_name}: annotate its type, or mark it with inject(key).",
            path=frame.resolution_path,
        )
    if wanted is ResolutionContext:
        return ResolutionContext(ctx, frame.current_binding, frame.options)
    as_proxy = point.marker is not None and point.marker.as_proxy
    return (yield from _resolve_address(ctx, wanted, None, frame, point.optional, as_proxy))
