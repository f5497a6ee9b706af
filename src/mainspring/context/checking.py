"""Checking an application without running it: what `resolving` would do, walked without making anything.

The walk asks the same questions of the same shapes in the same order (`locate`, `required_holder`, the points of
`signatures`), so that it finds what would be raised; instead of raising it notes a `Finding` and goes on. Resolve
functions of programs are not called: what they need is not known, and nothing is said of it.

What is bound only while the application runs is said by a tag ``binds`` (a key or type, or several) on the binding of
whatever binds it: ``app.on_start(connect).tag(binds=[Connection])``. A setter of a key says the same of that key.
"""

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from types import MethodType
from typing import Any, get_origin

from mainspring.context.bindings import Binding, BindingScope
from mainspring.context.errors import AmbiguousTypeError, ContextError, ResolutionError, ScopeError
from mainspring.context.findings import Finding, finding_of
from mainspring.context.injection import EMPTY, InjectionPoint, check_expected
from mainspring.context.interceptors import declared_interceptors, interceptor_binding
from mainspring.context.keys import BindingKey, binding_address, describe_type
from mainspring.context.places import Place, place_of, place_of_binding
from mainspring.context.resolving import MISSING, address_of, locate, not_bound, required_holder
from mainspring.context.sessions import ARROW, ResolutionContext, Session
from mainspring.context.signatures import call_spec, class_spec, method_spec
from mainspring.context.sources import BindingType, is_class
from mainspring.context.specs import CallSpec

__all__ = ["BINDS", "Check", "factory_spec", "method_points", "promised_by"]

#: The tag that says what is bound while the application runs.
BINDS = "binds"

_LONG_LIVED = (BindingScope.SINGLETON, BindingScope.APPLICATION, BindingScope.SERVER)


class Check:
    """Gathers findings about contexts.

    Args:
        place_of: Where a binding was declared.

    Attributes:
        findings: What was found, each fault once.
        bindings: How many bindings were looked at.
        points: How many injection points were looked at.
    """

    def __init__(self, place_of: Callable[[Binding[Any]], Place | None] = place_of_binding) -> None:
        self.place_of = place_of
        self.bindings = 0
        self._points: set[int] = set()
        self._contexts: list[Any] = []
        self._promises: dict[int, list[Any]] = {}
        self._requests: set[Binding[Any]] = set()
        self._settable: set[str] = set()
        self._known: dict[Any, list[Finding]] = {}
        self._noted: list[Finding] = []
        self._all: dict[Any, Finding] = {}

    @property
    def findings(self) -> list[Finding]:
        """What was found, in the order of the files."""
        found = [each for each in self._all.values() if each.kind != "unbound" or each.key not in self._settable]
        return sorted(found, key=lambda each: (each.place is None, each.place or ("", 0)))

    @property
    def points(self) -> int:
        """How many injection points were looked at."""
        return len(self._points)

    # What there is

    def add_context(self, ctx: Any, promises: Iterable[Any] = ()) -> None:
        """Look from this context too, at everything in those above it.

        Args:
            ctx: A context of the application, or one like those it makes while it runs.
            promises: Keys and types that are bound in it while the application runs.
        """
        self._contexts.append(ctx)
        self.promise(ctx, promises)

    def promise(self, ctx: Any, keys: Iterable[Any]) -> None:
        """These keys and types are bound in the context while the application runs."""
        self._promises.setdefault(id(ctx), []).extend(map(binding_address, keys))

    def mark_requests(self, bindings: Iterable[Binding[Any]]) -> None:
        """These bindings have a value within a request only."""
        self._requests.update(bindings)

    def report(self, finding: Finding) -> None:
        """Add a finding."""
        self._all.setdefault(finding.identity, finding)

    # What is looked at

    def check_binding(self, owner: Any, binding: Binding[Any]) -> None:
        """Check a binding of a context, from every context that may ask for it: it is right if it is from one."""
        self.bindings += 1
        from_owner = binding.scope is BindingScope.SINGLETON
        contexts = [owner] if from_owner else [owner, *self._below(owner)]
        self._try(contexts, lambda ctx: self._binding(binding, owner, ctx, Session(sync=False)))
        for points in _marked_methods(binding):
            self._check_method([owner, *self._below(owner)], points)
        if binding.source is not None and binding.source.type is BindingType.CLASS:
            self.check_interceptors(owner, binding.source.value)

    def check_interceptors(self, ctx: Any, cls: type[Any]) -> None:
        """Check what ``@intercept`` names on a class and its methods."""
        contexts = [ctx, *self._below(ctx)]
        for item, target in declared_interceptors(cls):
            asker = f"{cls.__name__}.{target.__name__}" if target is not cls else cls.__name__
            if isinstance(item, str | BindingKey):
                self.check_key(contexts, item, asker, place_of(target))
            elif is_class(item):
                made = interceptor_binding(item)
                self._try(contexts, lambda ctx, made=made: self._binding(made, ctx, ctx, Session(sync=False)))  # type: ignore[misc]  # a default for the loop

    def check_key(self, contexts: Iterable[Any], key: Any, asker: str, place: Place | None) -> None:
        """Check that a key resolves from one of the contexts; ``asker`` is who asks for it, ``place`` where."""
        address, _ = address_of(key)

        def walk(ctx: Any) -> None:
            noted = len(self._noted)
            self._address(ctx, address, Session(sync=False), optional=False)
            if not self._sees(ctx, address):
                self._noted[noted:] = [
                    each._replace(path=f"{asker}{ARROW}{each.key}", place=place) for each in self._noted[noted:]
                ]

        self._try(contexts, walk)

    def check_points(self, ctx: Any, points: Iterable[InjectionPoint]) -> None:
        """Check the parameters of something that is called with what this context gives."""
        self._try([ctx], lambda ctx: self._walk_points(ctx, points))

    def _check_method(self, contexts: Iterable[Any], points: list[InjectionPoint]) -> None:
        """Check a method that anybody may call: what nothing binds its caller may bind, unless it looks misspelt."""

        def walk(ctx: Any) -> None:
            self._walk_points(ctx, points)
            self._noted = [each for each in self._noted if each.kind != "unbound" or each.suggestions]

        self._try(contexts, walk)

    def _below(self, owner: Any) -> Iterator[Any]:
        return (each for each in self._contexts if each is not owner and owner.is_visible_to(each))

    def _try(self, contexts: Iterable[Any], walk: Callable[[Any], None]) -> None:
        """The findings from the context that has the fewest: none if it is right in one of them."""
        fewest: list[Finding] | None = None
        for ctx in contexts:
            self._noted = []
            walk(ctx)
            if fewest is None or len(self._noted) < len(fewest):
                fewest = self._noted
            if not fewest:
                return
        for finding in fewest or ():
            self.report(finding)

    # The walk: one method for each function of `resolving`

    def _walk_points(self, ctx: Any, points: Iterable[InjectionPoint]) -> None:
        for point in points:
            self._point(point, ctx, Session(sync=False))

    def _address(self, ctx: Any, address: Any, session: Session, *, optional: bool) -> None:
        try:
            found = locate(ctx, address)
        except ContextError as error:
            self._note(error, session)
            return
        if found is not None:
            self._binding(*found, ctx, session, optional=optional)
        elif not optional and not self._is_promised(ctx, address):
            self._note(self._absent(ctx, address, session), session)

    def _binding(
        self, binding: Binding[Any], owner: Any, ctx: Any, session: Session, *, optional: bool = False
    ) -> None:
        try:
            holder = required_holder(binding, owner, ctx, session, optional)
        except ContextError as error:
            self._note(error, session, binding)
            holder = owner  # what else it lacks is told as well
        try:
            source = binding.source
            if source is None and not optional and not self._is_promised(ctx, binding.key):
                self._note(_no_source(binding, session), session, binding)
            if holder is MISSING or source is None or source.type is BindingType.CONSTANT:
                return
            keeper = _keeper_of(session)
            if keeper is not None and self._needs_request(binding, holder):
                raise _kept_longer(keeper, binding.key, session)
            frame = session.enter(binding, holder)
        except ContextError as error:
            self._note(error, session, binding)
            return
        node = (binding, id(holder), keeper is not None, optional)
        if node not in self._known:
            before, self._noted = self._noted, []
            self._source(binding, holder, frame, optional)
            self._known[node], self._noted = self._noted, before
        self._noted += self._known[node]

    def _source(self, binding: Binding[Any], holder: Any, frame: Session, optional: bool) -> None:
        source = binding.source
        assert source is not None
        if source.type is BindingType.ALIAS:
            address, _ = address_of(source.key if source.key is not None else source.value)
            self._address(holder, address, frame, optional=optional)
            return
        try:
            if source.type in (BindingType.CLASS, BindingType.PROVIDER):
                spec = class_spec(source.value)
                self._points_of((*spec.constructor.points, *spec.properties), holder, frame)
            if source.call is not None:
                self._points_of(factory_spec(source).points, holder, frame)
        except (ContextError, TypeError) as error:
            self._note(error, frame, binding)

    def _points_of(self, points: Iterable[InjectionPoint], ctx: Any, session: Session) -> None:
        for point in points:
            self._point(point, ctx, session)

    def _point(self, point: InjectionPoint, ctx: Any, session: Session) -> None:
        self._points.add(id(point))
        frame = session.at(point)
        try:
            marker = point.marker
            if marker is None or (marker.key is None and marker.resolve is None):
                self._by_type(point, ctx, frame)
            elif marker.resolve is None:
                self._address(ctx, address_of(marker.key)[0], frame, optional=point.optional)
            else:
                self._by_function(point, ctx, frame)
        except (ContextError, TypeError) as error:
            self._note(error, frame)

    def _by_type(self, point: InjectionPoint, ctx: Any, frame: Session) -> None:
        wanted = point.wanted
        if wanted is EMPTY and not (point.optional and point.marker is None):
            raise ResolutionError(
                f"Nothing says what to inject into {point.target_name}: annotate its type, or mark it with inject(key)."
            )
        if wanted not in (EMPTY, ResolutionContext):
            self._address(ctx, wanted, frame, optional=point.optional)

    def _by_function(self, point: InjectionPoint, ctx: Any, frame: Session) -> None:
        marker = point.marker
        assert marker is not None
        if marker.expects is not None:
            check_expected(point, marker.expects, frame)
        if marker.decorator in ("inject.setter", "inject.binding") and marker.key is not None:
            self._settable.add(str(binding_address(marker.key)))
        if marker.foresee is None:
            return
        for binding in marker.foresee(ctx, point, frame):
            self._binding(binding, ctx.get_owner_context(binding) or ctx, ctx, frame, optional=point.optional)

    # Words

    def _note(self, error: Exception, session: Session, binding: Binding[Any] | None = None) -> None:
        frames = (frame.binding for frame in session.frames())
        asked = next((each for each in frames if each is not None), binding)
        fallback = self.place_of(asked) if asked is not None else None
        found = finding_of(error, session, fallback)
        if isinstance(error, AmbiguousTypeError):
            found = found._replace(related=tuple((key, self._declared(key)) for key in error.candidates))
        self._noted.append(found)

    def _declared(self, key: str) -> Place | None:
        bound = (each.own_binding(key) for ctx in self._contexts for each in ctx.chain())
        return next((self.place_of(binding) for binding in bound if binding is not None), None)

    def _absent(self, ctx: Any, address: Any, session: Session) -> ContextError:
        keeper = _keeper_of(session)
        if keeper is not None and any(self._sees(each, address) for each in self._below(ctx) if _in_request(each)):
            return _kept_longer(keeper, address if isinstance(address, str) else describe_type(address), session)
        error = not_bound(ctx, address, session)
        if not isinstance(address, str):
            error.suggestions = tuple(_nearest_types(ctx, address))
        return error

    def _sees(self, ctx: Any, address: Any) -> bool:
        try:
            return locate(ctx, address) is not None or self._is_promised(ctx, address)
        except ContextError:
            return True

    def _is_promised(self, ctx: Any, address: Any) -> bool:
        promises = (each for above in ctx.chain() for each in self._promises.get(id(above), ()))
        return any(each == address or _is_subclass(each, address) for each in promises)

    def _needs_request(self, binding: Binding[Any], holder: Any) -> bool:
        return binding in self._requests or (binding.scope is BindingScope.REQUEST and not _in_request(holder))


def promised_by(binding: Binding[Any]) -> list[Any]:
    """What the tag ``binds`` of a binding says: keys and types that are bound while the application runs."""
    said = binding.tag_map.get(BINDS)
    if said is None:
        return []
    return list(said) if isinstance(said, list | tuple | set | frozenset) else [said]


def method_points(cls: type[Any], name: str) -> tuple[InjectionPoint, ...]:
    """The points of a method as it is called on an instance; none when there is no such method."""
    call = getattr(cls, name, None)
    if not callable(call):
        return ()
    is_static = isinstance(vars_of(cls, name), staticmethod | classmethod)
    return method_spec(cls, name, call if is_static else MethodType(call, cls)).points


def vars_of(cls: type[Any], name: str) -> Any:
    """What the class body of the nearest class says under a name."""
    return next((vars(klass)[name] for klass in cls.__mro__ if name in vars(klass)), None)


def factory_spec(source: Any) -> CallSpec:
    """The parameters of a factory, or of a provider's ``value``, as it is called."""
    if not is_class(source.value):
        return call_spec(source.call)
    call = source.call
    if source.type is BindingType.PROVIDER and not isinstance(vars_of(source.value, "value"), staticmethod):
        call = call if isinstance(call, MethodType) else MethodType(call, source.value)
    return method_spec(source.value, "value", call)


def _marked_methods(binding: Binding[Any]) -> Iterator[list[InjectionPoint]]:
    """The parameters with a marker of each method of a bound class."""
    source = binding.source
    if source is None or source.type is not BindingType.CLASS:
        return
    cls = source.value
    names = dict.fromkeys(name for klass in cls.__mro__ if klass is not object for name in vars(klass))
    for name in names:
        if name.startswith("__") or not callable(vars_of(cls, name)):
            continue
        marked = [point for point in method_points(cls, name) if point.marker is not None]
        if marked:
            yield marked


def _keeper_of(session: Session) -> Binding[Any] | None:
    """The nearest binding on the way whose value is kept longer than a request."""
    for frame in session.frames():
        if frame.binding is not None and frame.binding.scope in _LONG_LIVED and not _in_request(frame.context):
            return frame.binding
    return None


def _in_request(ctx: Any) -> bool:
    return ctx.get_scoped_context(BindingScope.REQUEST) is not None


def _kept_longer(keeper: Binding[Any], needed: str, session: Session) -> ScopeError:
    return ScopeError(
        f"{keeper.key!r} has scope {keeper.scope.value!r}, is kept longer than a request, and needs {needed!r}, which "
        "only a request has: give it scope 'request' or 'transient', or inject what it needs into the method.",
        key=needed,
        path=session.resolution_path,
    )


def _no_source(binding: Binding[Any], session: Session) -> ResolutionError:
    return ResolutionError(
        f"No value was configured for binding {binding.key!r}: call to(...), to_class(...) or another to_*; if "
        "something sets it while the application runs, tag the binding of that with binds=[key].",
        key=binding.key,
        path=session.resolution_path or binding.key,
    )


def _nearest_types(ctx: Any, wanted: Any) -> list[str]:
    """The keys of bindings whose class has a name like that of the type."""
    names: dict[str, str] = {}
    for binding in ctx.find():
        names.setdefault(getattr(binding.value_type, "__name__", ""), binding.key)
        names.setdefault(binding.key.rpartition(".")[2], binding.key)
    cls = get_origin(wanted) or wanted
    name = "" if getattr(cls, "__module__", "builtins") == "builtins" else getattr(cls, "__name__", "")
    return [names[near] for near in get_close_matches(name, list(names), n=3, cutoff=0.75)] if name else []


def _is_subclass(provided: Any, wanted: Any) -> bool:
    return isinstance(provided, type) and isinstance(wanted, type) and issubclass(provided, wanted)
