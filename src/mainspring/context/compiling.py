"""Plans: what resolving does for one key and one shape of context, worked out once and turned into one Python function.

A plan does what `resolving` would do, in the same order, for every context of the shape. It embeds constants and values
kept by contexts that belong to one shape alone, reads from the context what may differ between contexts of the shape,
and leaves to the interpreter whatever needs more than a straight line: creations others may wait for, asynchronous
generators, resolve functions of users. A key that cannot be resolved gets no plan, so errors are the interpreter's own.

Plans are dropped, not corrected: `shapes` forgets them when anything they rest on changes.
"""

from abc import get_cache_token
from collections.abc import Callable
from inspect import Parameter, getattr_static, iscoroutinefunction, isgeneratorfunction
from types import FunctionType
from typing import Any

from mainspring.context.awaitables import Kinds
from mainspring.context.bindings import Binding, BindingScope
from mainspring.context.errors import ContextError
from mainspring.context.finding import may_be_virtual
from mainspring.context.injection import EMPTY, InjectionPoint
from mainspring.context.keys import key_text, read_path
from mainspring.context.plans import (
    BindingResolver,
    Doubt,
    First,
    Guard,
    Plan,
    Refusal,
    Restless,
)
from mainspring.context.pointing import ABSENT, Interpreted, NotCompilable, PointWriter
from mainspring.context.resolving import MISSING, address_of, locate, set_absent
from mainspring.context.signatures import call_spec, class_spec, method_spec, unwrap_callable
from mainspring.context.sources import BindingSource, BindingType, is_class

__all__ = ["PLANNED_AFTER", "Plan", "compile_plan", "plan_source"]

#: A key gets its plan when it is asked for this many times: what is asked for once is not worth compiling.
PLANNED_AFTER = 2

#: A graph of more constructions than this is left to the interpreter: the text would cost more than it saves.
MAX_CONSTRUCTIONS = 500


def compile_plan(context: Any, key: Any, *, awaiting: bool, guarded: bool = False, fresh: bool = False) -> Plan | None:
    """The plan of a key for contexts of this context's shape; ``None`` when it has to be interpreted.

    A plan that calls factories may raise ``StalePlan``: what it began is for the interpreter to go on with.

    Args:
        context: Any context of the shape.
        key: Text, ``BindingKey`` or class.
        awaiting: Whether the plan may await.
        guarded: Whether the caller goes to the interpreter when the plan raises ``StalePlan``; without it, what would
            need that for other reasons gets no plan.
        fresh: Whether the plan is only for contexts that were just made: until it calls code of the program, they
            keep nothing.
    """
    compiler = _Compiler(context, awaiting=awaiting, fresh=fresh)
    try:
        plan = compiler.plan(key)
    except (NotCompilable, Interpreted, ContextError):
        return None
    return plan if guarded or not compiler.is_guarded else None


def plan_source(context: Any, key: Any, *, awaiting: bool = True) -> str:
    """The source of the plan, for people to read; a comment when there is none."""
    plan = compile_plan(context, key, awaiting=awaiting, guarded=True)
    return plan.source if plan is not None else "# interpreted: no plan for this key\n"


class _Compiler(PointWriter):
    """Writes one plan. ``level`` is how far up the chain a context is: 0 is the one asked.

    Attributes:
        is_guarded: Whether the plan found something by an ABC, with which classes may be registered.
    """

    def __init__(self, context: Any, *, awaiting: bool, fresh: bool = False) -> None:
        super().__init__(list(context.chain()), awaiting=awaiting, fresh=fresh)
        # From this level up every context has a shape of its own: what they hold may be embedded. Below, one context's
        # change of a value leaves the plans of contexts further down alone, so values are read from the context.
        shared = [i for i, each in enumerate(self.levels) if not each.shape().is_exclusive]
        self._exclusive = shared[-1] + 1 if shared else 0
        self._stack: list[tuple[Binding[Any], int]] = []
        self._constructions = 0
        self.is_guarded = False

    def plan(self, key: Any) -> Plan:
        """Compile the key; of a binding itself, or of a tuple of injection points, what they give."""
        if isinstance(key, tuple):
            return self._assemble(key, ", ".join(point.target_name for point in key), self.named(key))
        if isinstance(key, Binding):
            owner = next((i for i, each in enumerate(self.levels) if each.own_binding(key.key) is key), None)
            if owner is None:
                raise NotCompilable
            return self._assemble(key, key.key, self._binding(key, owner, 0, optional=False))
        address, path = address_of(key)
        result = self.address(address, path, 0, optional=False)
        return self._assemble(key, address if isinstance(address, str) else key_text(address), result)

    def _assemble(self, key: Any, name: str, result: str) -> Plan:
        first = []
        if self.is_guarded:
            token, guard = self.embed(get_cache_token()), self.embed(Guard(key))
            first.append(f"if {self.embed(get_cache_token)}() != {token}: {guard}(c0)")
        only = None if first else self.only_call(result)
        function, source = self.function(name, first, result)
        return Plan(function, "async" if self.awaits else "sync" if self.only_sync else "any", source, only)

    def context(self, level: int) -> str:
        if level >= self._exclusive:
            return self.embed(self.levels[level]) if level else "c0"
        return self.level(level)

    # Bindings

    def address(self, address: Any, path: str | None, level: int, *, optional: bool) -> str:
        found = locate(self.levels[level], address)
        self.is_guarded = self.is_guarded or may_be_virtual(address)
        if found is None:
            if optional:
                return ABSENT
            raise NotCompilable
        value = self._binding(found[0], self.levels.index(found[1]), level, optional=optional)
        if path and value != ABSENT:
            self.is_fresh = False
            variable = self.variable()
            self.line(f"{variable} = {self.embed(read_path)}({value}, {path!r})")
            return variable
        return value

    def _binding(self, binding: Binding[Any], owner: int, level: int, *, optional: bool) -> str:
        source = binding.source
        if source is None:
            if optional:
                return ABSENT
            raise NotCompilable
        holder = self._holder(binding, owner, level)
        if source.type is BindingType.CONSTANT:
            return self._constant(binding, owner)
        if (binding, holder) in self._stack or self._constructions > MAX_CONSTRUCTIONS:
            raise NotCompilable
        self._stack.append((binding, holder))
        self.frames.append(binding)
        try:
            if binding.scope is BindingScope.TRANSIENT:
                return self._transient(binding, owner, holder, optional=optional)
            return self._kept(binding, owner, holder, optional=optional)
        finally:
            self._stack.pop()
            self.frames.pop()

    def _holder(self, binding: Binding[Any], owner: int, level: int) -> int:
        scope = binding.scope
        if scope is BindingScope.TRANSIENT or scope is BindingScope.CONTEXT:
            return level
        if scope is BindingScope.SINGLETON:
            return owner
        scoped = next((i for i in range(level, len(self.levels)) if self.levels[i].scope is scope), None)
        if scoped is None and scope is BindingScope.REQUEST:
            scoped = level
        if scoped is None or owner < scoped:
            raise NotCompilable
        return scoped

    def _constant(self, binding: Binding[Any], owner: int) -> str:
        assert binding.source is not None
        if binding.source.value is self.levels[owner]:  # which its shape says
            return self.context(owner)
        if owner >= self._exclusive:
            return self.embed(binding.source.value)
        variable = self.variable()
        self.line(f"{variable} = {self.context(owner)}._bindings[{binding.key!r}].source.value")
        return variable

    def _transient(self, binding: Binding[Any], owner: int, holder: int, *, optional: bool) -> str:
        mark = self.mark()
        try:
            value = self._make(binding, holder, optional=optional)
            if holder < self._exclusive:
                self._check(binding, holder)
            return value
        except Interpreted:
            if optional and binding.type is BindingType.ALIAS:
                raise
            self.rewind(mark)
            return self._interpreted(binding, owner, holder)

    def _kept(self, binding: Binding[Any], owner: int, holder: int, *, optional: bool) -> str:
        if holder >= self._exclusive:
            kept = self.levels[holder].kept_value(binding)
            if kept is not MISSING:
                return self.embed(kept)
        if optional and binding.type is BindingType.ALIAS:  # absent, it is not kept: for the interpreter to see
            raise Interpreted
        if holder >= self._exclusive:
            return self._kept_above(binding, owner, holder)
        return self._kept_here(binding, owner, holder)

    def _kept_above(self, binding: Binding[Any], owner: int, holder: int) -> str:
        """Kept by a context of its own shape, but not there yet: looked for each time."""
        variable = self.variable()
        store, epoch = self.embed(self.levels[holder]._kept), self.embed(binding.epoch)
        self.line(f"{variable} = {store}.get({epoch}, MISSING)")
        self.line(f"if {variable} is MISSING:")
        self.indented(lambda: self.line(f"{variable} = {self._interpreted(binding, owner, holder)}"))
        return variable

    def _kept_here(self, binding: Binding[Any], owner: int, holder: int) -> str:
        """Kept by a context that shares its shape: looked for, made in place when nothing has to be awaited."""
        variable, epoch = self.variable(), self.embed(binding.epoch)
        block: Callable[[Callable[[], None]], None] = _at_once
        if not self.is_fresh or holder:
            block = self.indented
            self.line(f"{variable} = {self.kept(holder)}.get({epoch}, MISSING)")
            self.line(f"if {variable} is MISSING:")
        mark = self.mark()
        self.in_place += 1
        try:
            if binding.scope is BindingScope.SINGLETON:  # once for all threads: the interpreter sees to that
                raise Interpreted
            target = f"{variable} = {self.kept(holder)}[{epoch}]"
            block(lambda: self.line(f"{target} = {self._make(binding, holder)}"))
            block(lambda: self._check(binding, holder))
        except Interpreted:
            self.in_place -= 1
            self.rewind(mark)
            block(lambda: self.line(f"{variable} = {self._interpreted(binding, owner, holder)}"))
        else:
            self.in_place -= 1
        return variable

    def _check(self, binding: Binding[Any], holder: int) -> None:
        """What follows a factory, which may have bound what the rest of the plan takes from elsewhere."""
        if binding.source is not None and binding.source.call is not None:
            stale = self.embed(Restless(binding, binding.source))
            self.line(f"if {self.level(holder)}._changes != {self.changes(holder)}: {stale}()")

    def _interpreted(self, binding: Binding[Any], owner: int, holder: int) -> str:
        """A call of the interpreter for this binding, with the path that led here."""
        session = self.session(self.frames[:-1])
        resolver = BindingResolver(binding, session, self.levels[owner] if owner >= self._exclusive else None)
        return self.await_or_run(resolver, self.context(holder))

    # Making

    def _make(self, binding: Binding[Any], level: int, *, optional: bool = False) -> str:
        source = binding.source
        assert source is not None
        self._constructions += 1
        if source.type is BindingType.ALIAS:
            address, path = address_of(source.key if source.key is not None else source.value)
            return self.address(address, path, level, optional=optional)
        if source.type is BindingType.CLASS:
            return self._instance(source.value, level)
        if source.type is BindingType.CONSTANT:  # another thread made it one since it was looked at
            raise NotCompilable
        return self._produced(binding, source, level)

    def _produced(self, binding: Binding[Any], source: BindingSource, level: int) -> str:
        """What a factory, or the method of a provider, gives."""
        source.is_planned = True
        if source.binds:
            raise NotCompilable
        is_generator = isgeneratorfunction(source.call)  # itself: a decorator may make anything of one
        if source.call is None or not (is_generator or source.flavour == "plain"):
            raise Interpreted
        if source.type is BindingType.PROVIDER:
            instance = self._instance(source.value, level)
            spec, call = method_spec(source.value, "value", source.call), f"{instance}.value"
            unbound = not isinstance(getattr_static(source.value, "value"), staticmethod | classmethod)
            points = spec.points[1:] if unbound else spec.points
        else:
            cls = source.value
            points = (method_spec(cls, "value", source.call) if is_class(cls) else call_spec(source.call)).points
            call = self.embed(source.call)
        variable = self.variable()
        arguments = self._arguments(points, level, positional=_has_just(source.value, 0, points))
        self.line(f"{variable} = {call}({arguments})")
        self.is_fresh = False
        if is_generator:
            first = self.embed(First(binding, self.session(self.frames[:-1])))
            self.line(f"{variable} = {first}({self.context(level)}, {variable})")
        else:
            self._settle(variable, binding, source)
        return variable

    def _settle(self, variable: str, binding: Binding[Any], source: BindingSource) -> None:
        """What to do with the result of a factory: await it, or make sure that there is nothing to await."""
        if iscoroutinefunction(unwrap_callable(source.call)):
            if not self.awaiting:
                raise NotCompilable
            if self.in_place:
                raise Interpreted
            self.awaits = True
            self.line(f"{variable} = await {variable}")
            return
        kinds = self.embed(Kinds())
        awaitable = f"type({variable}) is not {kinds}.plain and {kinds}.is_awaitable({variable})"
        if source.awaits is False:
            self.line(f"if {awaitable}: {self.embed(Doubt(binding, source))}({variable})")
        elif not self.awaiting:
            self.only_sync = True
            refuse = self.embed(Refusal(self.path(), self.frames[-1]))
            self.line(f"if {awaitable}: {refuse}({variable})")
        elif self.in_place:
            raise Interpreted
        else:
            self.awaits = True
            self.line(f"if {awaitable}: {variable} = await {variable}")

    def _instance(self, cls: type[Any], level: int) -> str:
        spec = class_spec(cls)
        arguments = self._arguments(
            spec.constructor.points, level, positional=_takes_positionally(cls, spec.constructor.points)
        )
        properties = [(point, self.point(point, level)) for point in spec.properties]
        variable = self.variable()
        self.line(f"{variable} = {self.embed(cls)}({arguments})")
        self.is_fresh = False
        for point, value in properties:
            if value == ABSENT:
                self.line(f"{self.embed(set_absent)}({variable}, {self.embed(point)})")
            elif point.member.isidentifier():
                self.line(f"{variable}.{point.member} = {value}")
        return variable

    def _arguments(self, points: tuple[InjectionPoint, ...], level: int, *, positional: bool) -> str:
        texts: list[str] = []
        for point in points:
            value = self.point(point, level)
            only = point.kind is Parameter.POSITIONAL_ONLY
            if value == ABSENT:
                if point.default is not EMPTY and not only:
                    positional = False
                    continue
                value = "None" if point.default is EMPTY else self.embed(point.default)
            by_position = only or (positional and point.kind is not Parameter.KEYWORD_ONLY)
            texts.append(value if by_position else f"{point.parameter}={value}")
        return ", ".join(texts)


def _at_once(write: Callable[[], None]) -> None:
    """Write lines where they are."""
    write()


def _takes_positionally(cls: type[Any], points: tuple[InjectionPoint, ...]) -> bool:
    """Whether the constructor is a plain function whose parameters are these, in this order."""
    return getattr(cls, "__new__", None) is object.__new__ and _has_just(getattr(cls, "__init__", None), 1, points)


def _has_just(call: Any, first: int, points: tuple[InjectionPoint, ...]) -> bool:
    """Whether something is a plain function whose parameters, from the first, are these, in this order."""
    if not isinstance(call, FunctionType) or hasattr(call, "__wrapped__"):
        return False
    return call.__code__.co_varnames[first : first + len(points)] == tuple([point.parameter for point in points])
