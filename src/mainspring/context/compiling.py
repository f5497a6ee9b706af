"""Plans: what resolving does for one key and one shape of context, worked out once and turned into one Python function.

A plan does what `resolving` would do, in the same order, for every context of the shape. It embeds constants and values
kept by contexts that belong to one shape alone, reads from the context what may differ between contexts of the shape,
and leaves to the interpreter whatever needs more than a straight line: creations others may wait for, generators,
resolve functions of users. A key that cannot be resolved gets no plan, so errors are the interpreter's own.

Plans are dropped, not corrected: `shapes` forgets them when anything they rest on changes.
"""

from abc import get_cache_token
from collections.abc import Callable
from inspect import Parameter, getattr_static, iscoroutinefunction
from types import FunctionType
from typing import Any

from mainspring.context.bindings import Binding, BindingScope
from mainspring.context.configuration import ContextBindings
from mainspring.context.errors import ContextError
from mainspring.context.finding import may_be_virtual
from mainspring.context.injection import EMPTY, InjectionPoint, give_context
from mainspring.context.keys import BindingKey, key_text, read_path
from mainspring.context.plans import (
    BindingResolver,
    Guard,
    Plan,
    PlanSource,
    PointResolver,
    Refusal,
    note_from_line,
)
from mainspring.context.resolving import MISSING, address_of, is_awaitable, locate, set_absent
from mainspring.context.sessions import ARROW, ResolutionContext, Session
from mainspring.context.signatures import call_spec, class_spec, method_spec, unwrap_callable
from mainspring.context.sources import BindingType, is_class
from mainspring.context.views import ContextView

__all__ = ["PLANNED_AFTER", "Plan", "compile_plan", "plan_source"]

#: A key gets its plan when it is asked for this many times: what is asked for once is not worth compiling.
PLANNED_AFTER = 2

#: A graph of more constructions than this is left to the interpreter: the text would cost more than it saves.
MAX_CONSTRUCTIONS = 500

_DIRECT_RESULTS = (FunctionType, ContextView, Binding)


#: What stands for "no value" among the expressions: no name of a plan.
ABSENT = ""


class NotCompilable(Exception):  # noqa: N818 - a word of the compiler to itself, never seen outside
    """The interpreter is to do it (and to word the error, if it is one)."""


def compile_plan(context: Any, key: Any, *, awaiting: bool, guarded: bool = False) -> Plan | None:
    """The plan of a key for contexts of this context's shape; ``None`` when it has to be interpreted.

    Args:
        context: Any context of the shape.
        key: Text, ``BindingKey`` or class.
        awaiting: Whether the plan may await.
        guarded: Whether the caller goes to the interpreter when the plan raises ``StalePlan``; without it, what would
            need that gets no plan.
    """
    compiler = _Compiler(context, awaiting=awaiting)
    try:
        plan = compiler.plan(key)
    except (NotCompilable, _Interpreted, ContextError):
        return None
    return plan if guarded or not compiler.is_guarded else None


def plan_source(context: Any, key: Any, *, awaiting: bool = True) -> str:
    """The source of the plan, for people to read; a comment when there is none."""
    plan = compile_plan(context, key, awaiting=awaiting, guarded=True)
    return plan.source if plan is not None else "# interpreted: no plan for this key\n"


class _Compiler:
    """Writes one plan. ``level`` is how far up the chain a context is: 0 is the one asked.

    Attributes:
        is_guarded: Whether the plan found something by an ABC, with which classes may be registered.
    """

    def __init__(self, context: Any, *, awaiting: bool) -> None:
        self._levels = list(context.chain())
        # From this level up every context has a shape of its own: what they hold may be embedded. Below, one context's
        # change of a value leaves the plans of contexts further down alone, so values are read from the context.
        shared = [i for i, each in enumerate(self._levels) if not each.shape().is_exclusive]
        self._exclusive = shared[-1] + 1 if shared else 0
        self._awaiting = awaiting
        self._await_forbidden = 0
        self._awaits = False
        self._only_sync = False
        self._names: dict[str, Any] = {}
        self._lines: list[tuple[int, str, str]] = []
        self._indent = 2
        self._used_levels = 0
        self._kept_used: set[int] = set()
        self._stack: list[tuple[Binding[Any], int]] = []
        self._frames: list[Binding[Any] | InjectionPoint] = []
        self._constructions = 0
        self._variables = 0
        self.is_guarded = False

    def plan(self, key: Any) -> Plan:
        """Compile the key."""
        address, path = address_of(key)
        result = self._address(address, path, 0, optional=False)
        return self._assemble(key, address if isinstance(address, str) else key_text(address), result)

    # Text

    def _assemble(self, key: Any, name: str, result: str) -> Plan:
        head = ["async def plan(c0):" if self._awaits else "def plan(c0):"]
        if self.is_guarded:
            token, guard = self._embed(get_cache_token()), self._embed(Guard(key))
            head.append(f"    if {self._embed(get_cache_token)}() != {token}: {guard}(c0)")
        head.append("    try:")
        head += [f"        c{level} = c{level - 1}._parent" for level in range(1, self._used_levels + 1)]
        head += [f"        k{level} = c{level}._kept" for level in sorted(self._kept_used)]
        body = [" " * 4 * indent + text for indent, text, _ in self._lines]
        tail = [
            f"        return {result}",
            "    except Exception as error:",
            "        NOTE(error, PATHS)",
            "        raise",
        ]
        source = "\n".join([*head, *body, *tail]) + "\n"
        paths = {len(head) + 1 + i: path for i, (_, _, path) in enumerate(self._lines)}
        names = {**self._names, "NOTE": note_from_line, "PATHS": paths, "MISSING": MISSING}
        names |= {"__name__": "mainspring.context.plans", "__loader__": PlanSource(source)}
        exec(
            compile(source, f"mainspring plan: {name}", "exec"), names
        )  # the text is made here, of nothing but names made here
        kind = "async" if self._awaits else "sync" if self._only_sync else "any"
        return Plan(names["plan"], kind, source)

    def _line(self, text: str) -> None:
        self._lines.append((self._indent, text, self._path()))

    def _path(self) -> str:
        return ARROW.join(each.key if isinstance(each, Binding) else each.target_name for each in self._frames)

    def _variable(self) -> str:
        self._variables += 1
        return f"v{self._variables}"

    def _embed(self, value: Any) -> str:
        name = f"X{len(self._names)}"
        self._names[name] = value
        return name

    def _context(self, level: int) -> str:
        if level >= self._exclusive:
            return self._embed(self._levels[level]) if level else "c0"
        self._used_levels = max(self._used_levels, level)
        return f"c{level}"

    # Bindings

    def _address(self, address: Any, path: str | None, level: int, *, optional: bool) -> str:
        """An expression for the value of an address seen from a level; ``ABSENT`` when that is allowed."""
        found = locate(self._levels[level], address)
        self.is_guarded = self.is_guarded or may_be_virtual(address)
        if found is None:
            if optional:
                return ABSENT
            raise NotCompilable
        value = self._binding(found[0], self._levels.index(found[1]), level, optional=optional)
        if path and value != ABSENT:
            variable = self._variable()
            self._line(f"{variable} = {self._embed(read_path)}({value}, {path!r})")
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
        self._frames.append(binding)
        try:
            if binding.scope is BindingScope.TRANSIENT:
                return self._transient(binding, owner, holder, optional=optional)
            return self._kept(binding, owner, holder, optional=optional)
        finally:
            self._stack.pop()
            self._frames.pop()

    def _holder(self, binding: Binding[Any], owner: int, level: int) -> int:
        scope = binding.scope
        if scope is BindingScope.TRANSIENT or scope is BindingScope.CONTEXT:
            return level
        if scope is BindingScope.SINGLETON:
            return owner
        scoped = next((i for i in range(level, len(self._levels)) if self._levels[i].scope is scope), None)
        if scoped is None and scope is BindingScope.REQUEST:
            scoped = level
        if scoped is None or owner < scoped:
            raise NotCompilable
        return scoped

    def _constant(self, binding: Binding[Any], owner: int) -> str:
        assert binding.source is not None
        if binding.source.value is self._levels[owner]:  # which its shape says
            return self._context(owner)
        if owner >= self._exclusive:
            return self._embed(binding.source.value)
        variable = self._variable()
        self._line(f"{variable} = {self._context(owner)}._bindings[{binding.key!r}].source.value")
        return variable

    def _transient(self, binding: Binding[Any], owner: int, holder: int, *, optional: bool) -> str:
        mark = self._mark()
        try:
            return self._make(binding, holder, optional=optional)
        except _Interpreted:
            if optional and binding.type is BindingType.ALIAS:
                raise
            self._rewind(mark)
            return self._interpreted(binding, owner, holder)

    def _kept(self, binding: Binding[Any], owner: int, holder: int, *, optional: bool) -> str:
        if holder >= self._exclusive:
            kept = self._levels[holder].kept_value(binding)
            if kept is not MISSING:
                return self._embed(kept)
        if optional and binding.type is BindingType.ALIAS:  # absent, it is not kept: for the interpreter to see
            raise _Interpreted
        if holder >= self._exclusive:
            return self._kept_above(binding, owner, holder)
        return self._kept_here(binding, owner, holder)

    def _kept_above(self, binding: Binding[Any], owner: int, holder: int) -> str:
        """Kept by a context of its own shape, but not there yet: looked for each time."""
        variable = self._variable()
        store, epoch = self._embed(self._levels[holder]._kept), self._embed(binding.epoch)
        self._line(f"{variable} = {store}.get({epoch}, MISSING)")
        self._line(f"if {variable} is MISSING:")
        self._indented(lambda: self._line(f"{variable} = {self._interpreted(binding, owner, holder)}"))
        return variable

    def _kept_here(self, binding: Binding[Any], owner: int, holder: int) -> str:
        """Kept by a context that shares its shape: looked for, made in place when nothing has to be awaited."""
        variable = self._variable()
        self._kept_used.add(holder)
        self._used_levels = max(self._used_levels, holder)
        epoch = self._embed(binding.epoch)
        self._line(f"{variable} = k{holder}.get({epoch}, MISSING)")
        self._line(f"if {variable} is MISSING:")
        if binding.scope is BindingScope.SINGLETON:  # once for all threads: the interpreter sees to that
            self._indented(lambda: self._line(f"{variable} = {self._interpreted(binding, owner, holder)}"))
            return variable
        mark = self._mark()
        self._await_forbidden += 1
        try:
            self._indented(lambda: self._line(f"{variable} = k{holder}[{epoch}] = {self._make(binding, holder)}"))
        except _Interpreted:
            self._rewind(mark)
            self._await_forbidden -= 1
            self._indented(lambda: self._line(f"{variable} = {self._interpreted(binding, owner, holder)}"))
        else:
            self._await_forbidden -= 1
        return variable

    def _indented(self, write: Callable[[], None]) -> None:
        self._indent += 1
        try:
            write()
        finally:
            self._indent -= 1

    def _mark(self) -> tuple[int, int, bool]:
        return len(self._lines), self._variables, self._awaits

    def _rewind(self, mark: tuple[int, int, bool]) -> None:
        count, self._variables, self._awaits = mark
        del self._lines[count:]

    def _interpreted(self, binding: Binding[Any], owner: int, holder: int) -> str:
        """A call of the interpreter for this binding, with the path that led here."""
        session = self._session(self._frames[:-1])
        resolver = BindingResolver(binding, session, self._levels[owner] if owner >= self._exclusive else None)
        return self._await_or_run(resolver, self._context(holder))

    def _await_or_run(self, resolver: Any, context: str) -> str:
        variable = self._variable()
        if not self._awaiting:
            self._only_sync = True
            self._line(f"{variable} = {self._embed(resolver.run)}({context})")
            return variable
        if self._await_forbidden:
            raise _Interpreted
        self._awaits = True
        self._line(f"{variable} = await {self._embed(resolver.drive)}({context})")
        return variable

    def _session(self, frames: list[Any]) -> Session | None:
        session: Session | None = None
        for each in frames:
            session = Session(session, sync=True)
            if isinstance(each, Binding):
                session.binding = each
            else:
                session.point = each
        return session

    # Making

    def _make(self, binding: Binding[Any], level: int, *, optional: bool = False) -> str:
        source = binding.source
        assert source is not None
        self._constructions += 1
        if source.type is BindingType.ALIAS:
            address, path = address_of(source.key if source.key is not None else source.value)
            return self._address(address, path, level, optional=optional)
        if source.type is BindingType.CLASS:
            return self._instance(source.value, level)
        if source.flavour != "plain" or source.call is None:
            raise _Interpreted
        if source.type is BindingType.PROVIDER:
            instance = self._instance(source.value, level)
            spec, call = method_spec(source.value, "value", source.call), f"{instance}.value"
            unbound = not isinstance(getattr_static(source.value, "value"), staticmethod | classmethod)
            points = spec.points[1:] if unbound else spec.points
        else:
            cls = source.value
            points = (method_spec(cls, "value", source.call) if is_class(cls) else call_spec(source.call)).points
            call = self._embed(source.call)
        if any(_is_resolution_context(point) for point in points):
            if not any(isinstance(each, InjectionPoint) for each in self._frames):
                raise NotCompilable  # its options are those of the get
            raise _Interpreted
        variable = self._variable()
        arguments = self._arguments(points, level, positional=False)
        self._line(f"{variable} = {call}({arguments})")
        self._settle(variable, source.call)
        return variable

    def _settle(self, variable: str, call: Any) -> None:
        """What to do with the result of a factory: await it, or make sure that there is nothing to await."""
        if iscoroutinefunction(unwrap_callable(call)):
            if not self._awaiting:
                raise NotCompilable
            if self._await_forbidden:
                raise _Interpreted
            self._awaits = True
            self._line(f"{variable} = await {variable}")
            return
        awaitable = self._embed(is_awaitable)
        if not self._awaiting:
            self._only_sync = True
            refuse = self._embed(Refusal(self._path(), self._frames[-1]))
            self._line(f"if {awaitable}({variable}): {refuse}({variable})")
            return
        if self._await_forbidden:
            raise _Interpreted
        self._awaits = True
        self._line(f"if {awaitable}({variable}): {variable} = await {variable}")

    def _instance(self, cls: type[Any], level: int) -> str:
        spec = class_spec(cls)
        arguments = self._arguments(
            spec.constructor.points, level, positional=_takes_positionally(cls, spec.constructor.points)
        )
        properties = [(point, self._point(point, level)) for point in spec.properties]
        variable = self._variable()
        self._line(f"{variable} = {self._embed(cls)}({arguments})")
        for point, value in properties:
            if value == ABSENT:
                self._line(f"{self._embed(set_absent)}({variable}, {self._embed(point)})")
            elif point.member.isidentifier():
                self._line(f"{variable}.{point.member} = {value}")
        return variable

    def _arguments(self, points: tuple[InjectionPoint, ...], level: int, *, positional: bool) -> str:
        texts: list[str] = []
        for point in points:
            value = self._point(point, level)
            only = point.kind is Parameter.POSITIONAL_ONLY
            if value == ABSENT:
                if point.default is not EMPTY and not only:
                    positional = False
                    continue
                value = "None" if point.default is EMPTY else self._embed(point.default)
            by_position = only or (positional and point.kind is not Parameter.KEYWORD_ONLY)
            texts.append(value if by_position else f"{point.parameter}={value}")
        return ", ".join(texts)

    # Injection points

    def _point(self, point: InjectionPoint, level: int) -> str:
        self._frames.append(point)
        try:
            return self._point_value(point, level)
        finally:
            self._frames.pop()

    def _point_value(self, point: InjectionPoint, level: int) -> str:
        marker = point.marker
        if marker is not None and marker.as_proxy:
            return self._interpreted_point(point, level)
        if marker is None or (marker.key is None and marker.resolve is None):
            wanted = point.wanted
            if wanted is EMPTY:
                if point.optional and marker is None:
                    return ABSENT
                raise NotCompilable
            return self._address(wanted, None, level, optional=point.optional)
        if marker.resolve is None:
            return self._by_key(point, marker.key, level)
        if marker.resolve is give_context:
            return self._context(level)
        if marker.decorator == "config" and "from_binding" in marker.details:
            return self._configuration(point, marker.details, level)
        return self._interpreted_point(point, level)

    def _by_key(self, point: InjectionPoint, key: Any, level: int) -> str:
        address, path = address_of(key)
        if not path or point.default is EMPTY:
            return self._address(address, path, level, optional=point.optional)
        return self._behind_path(self._address(address, None, level, optional=point.optional), path, point)

    def _behind_path(self, value: str, path: str, point: InjectionPoint) -> str:
        """The value behind a path, the own default where it leads nowhere."""
        if value == ABSENT:
            return ABSENT
        variable = self._variable()
        self._line(f"{variable} = {self._embed(read_path)}({value}, {path!r}, MISSING)")
        self._line(f"if {variable} is MISSING: {variable} = {self._embed(point.default)}")
        return variable

    def _interpreted_point(self, point: InjectionPoint, level: int) -> str:
        assert point.marker is not None
        if point.is_property and point.optional:  # absent, it leaves what is there: for the interpreter to see
            raise _Interpreted
        resolver = PointResolver(point, self._session(self._frames[:-1]))
        if point.marker.expects in _DIRECT_RESULTS:
            variable = self._variable()
            self._line(f"{variable} = {self._embed(resolver.run)}({self._context(level)})")
            return variable
        return self._await_or_run(resolver, self._context(level))

    def _configuration(self, point: InjectionPoint, details: dict[str, Any], level: int) -> str:
        if locate(self._levels[level], ContextBindings.CONFIGURATION_RESOLVER.key) is not None:
            return self._interpreted_point(point, level)
        of = details["from_binding"]
        current = next((each for each in reversed(self._frames) if isinstance(each, Binding)), None)
        if of is None and current is None:
            return self._interpreted_point(point, level)
        key = key_text(of) if of is not None else current.key  # type: ignore[union-attr]  # one of them is there
        default = details["default"]
        if details["path"] and default is EMPTY:  # whether the path leads somewhere decides about the own default
            return self._interpreted_point(point, level)
        value = self._address(BindingKey.build_key_for_config(key).key, None, level, optional=True)
        if value == ABSENT:
            return ABSENT if default is EMPTY else self._embed(default)
        if not details["path"]:
            return value
        variable = self._variable()
        self._line(f"{variable} = {self._embed(read_path)}({value}, {details['path']!r}, {self._embed(default)})")
        return variable


class _Interpreted(Exception):  # noqa: N818 - a word of the compiler to itself, never seen outside
    """This binding is for the interpreter; the rest of the plan may go on."""


def _is_resolution_context(point: InjectionPoint) -> bool:
    try:
        return point.marker is None and point.wanted is ResolutionContext
    except ContextError:
        return False


def _takes_positionally(cls: type[Any], points: tuple[InjectionPoint, ...]) -> bool:
    """Whether the constructor is a plain function whose parameters are these, in this order."""
    init: Any = getattr(cls, "__init__", None)
    if (
        not isinstance(init, FunctionType)
        or hasattr(init, "__wrapped__")
        or getattr(cls, "__new__", None) is not object.__new__
    ):
        return False
    code = init.__code__
    return code.co_varnames[1 : 1 + len(points)] == tuple(point.parameter for point in points)
