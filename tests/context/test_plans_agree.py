"""Plans and the interpreter agree: values, identity, errors with paths, constructions, order of clean-up."""

import asyncio
import os
from collections.abc import Callable
from inspect import isfunction
from typing import Annotated, Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from mainspring.context import Binding, BindingScope, Context, ContextView, ResolutionContext, config, inject
from mainspring.context.asking import injected
from mainspring.context.signatures import call_spec

KEYS = ("a", "b", "c", "d", "e")
KINDS = (
    "constant",
    "class",
    "function",
    "async",
    "awaitable",
    "told",
    "generator",
    "async_generator",
    "provider",
    "alias",
    "alias_path",
    "none",
)
SCOPES = tuple(BindingScope)
CONTEXT_SCOPES = (BindingScope.CONTEXT, BindingScope.REQUEST, BindingScope.SERVER, BindingScope.APPLICATION)
MAX_DEPTH = 5
MAX_CONTEXTS = 9

#: 20,000 steps by default; MAINSPRING_PLAN_STEPS asks for more.
STEPS = int(os.environ.get("MAINSPRING_PLAN_STEPS", "20000"))
STEPS_PER_RUN = 50


class One:
    """What a binding may provide."""


class Two(One):
    """What else."""


def by_key(x=inject("a"), y: Any = inject("b"), z: Annotated[Any, inject("c")] = "own"): ...


def leniently(x=inject("a", optional=True), y: Annotated[Any, inject("b", optional=True)] = 7, z: Any = 8): ...


def behind_paths(x=inject("a#inner.0", optional=True), y: Annotated[Any, inject("b#nothing")] = "own"): ...


def by_type(x: One | None, y: Annotated[Two, inject(optional=True)] = "own"): ...  # type: ignore[assignment]


def needing_a_type(x: Two): ...


def configured(
    x=config("level", from_binding="a"),
    y=config(from_binding="b", default=3),
    z: Annotated[Any, config("level.deeper", from_binding="a")] = "own",
    none=config("level"),
    given=config("level", default=4),
): ...


def later(x=inject.getter("a", optional=True), y=inject.getter("b"), z=config.getter("level", from_binding="c")): ...


def seen(x=inject.view("*"), y=inject.tag("wanted"), z=inject.context(), u=inject.binding("d"), v=inject.binding()): ...


HANDLERS = (by_key, leniently, behind_paths, by_type, needing_a_type, configured, later, seen)


class Interpreted(Context):
    """A context that never makes a plan."""

    __slots__ = ()

    def _asked_for(self, key: Any, *, awaiting: bool) -> None:
        return


class Made:
    """Something constructed, numbered in the order of construction on its side."""

    def __init__(self, side: "Side", label: str, parts: dict[str, Any]) -> None:
        side.made += 1
        self.serial = side.made
        self.label = label
        self.parts = parts
        side.log.append(f"make {label}")


class Side:
    """One of the two trees, with what happened in it."""

    def __init__(self, context_class: type[Context]) -> None:
        self.context_class = context_class
        self.contexts: list[Context] = [context_class("root")]
        self.closed: set[int] = set()
        self.made = 0
        self.log: list[str] = []

    def source(self, kind: str, label: str, needs: tuple[tuple[str, bool], ...]) -> Any:
        """A class or factory with these dependencies, writing into this side's log."""
        first, second = ([*needs, ("", True), ("", True)])[:2]
        one = inject(first[0], optional=first[1]) if first[0] else None
        two = inject(second[0], optional=second[1]) if second[0] else None
        side = self

        def make(x: Any = one, y: Any = two) -> Any:
            return Made(side, label, {"x": x, "y": y})

        if kind == "function":
            return make
        if kind == "told":

            def make_told(of: ResolutionContext, x: Any = one) -> Any:
                key = of.binding.key if of.binding is not None else None
                return make(x, [key, of.context.name, *of.options.items()])

            return make_told
        if kind in ("class", "provider"):
            return self._class(kind, label, one, two)
        return self._awaiting(kind, label, make, one, two)

    def _class(self, kind: str, label: str, one: Any, two: Any) -> type[Any]:
        side = self

        class Thing:
            tagged: list[Any] = inject.tag("wanted")
            level: Any = config("level", default="unset")
            deeper: Any = config("level.deeper")

            def __init__(self, x: Any = one, y: Annotated[Any, "extra"] = two, z: Any = config("level")) -> None:
                self.made = Made(side, label, {"x": x, "y": y, "z": z})

        class Giving:
            def __init__(self, x: Any = one) -> None:
                self.x = x

            def value(self, y: Any = two) -> Any:
                return Made(side, label, {"x": self.x, "y": y})

        return Thing if kind == "class" else Giving

    def _awaiting(self, kind: str, label: str, make: Callable[..., Any], one: Any, two: Any) -> Any:
        if kind in ("async", "awaitable"):

            async def make_async(x: Any = one, y: Any = two) -> Any:
                await asyncio.sleep(0)
                return make(x, y)

            return make_async if kind == "async" else lambda x=one, y=two: make_async(x, y)
        if kind == "generator":

            def generate(x: Any = one, y: Any = two) -> Any:
                yield make(x, y)
                self.log.append(f"clean {label}")

            return generate

        async def generate_async(x: Any = one, y: Any = two) -> Any:
            yield make(x, y)
            self.log.append(f"clean {label}")

        return generate_async

    def describe(self, value: Any) -> Any:
        """The value as data that equals on both sides when the values correspond."""
        if isinstance(value, Made):
            return (value.serial, value.label, {name: self.describe(part) for name, part in value.parts.items()})
        if isinstance(value, list):
            return [self.describe(item) for item in value]
        if isinstance(value, dict):
            return {name: self.describe(item) for name, item in value.items()}
        if isinstance(value, Binding):
            return ("binding", value.key)
        if isinstance(value, ContextView):
            return [binding.key for binding in value.bindings]
        if isinstance(value, Context):
            return value.name
        if hasattr(value, "made"):
            return ("thing", self.describe(value.made), self.describe(value.tagged), value.level, value.deeper)
        return value


class PlansAgree(RuleBasedStateMachine):
    """Does the same to two trees of contexts, one with plans and one without."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.sides = (Side(Context), Side(Interpreted))
        self.depths = [0]
        self.labels = 0

    def teardown(self) -> None:
        for side in self.sides:
            for number in reversed(range(len(side.contexts))):
                self.loop.run_until_complete(side.contexts[number].close())
        assert self.sides[0].log == self.sides[1].log
        self.loop.close()

    def both(self, act: Callable[[Side], Any]) -> None:
        """Do it on both sides; values, errors and what happened must be the same."""
        results = []
        for side in self.sides:
            try:
                results.append(("value", side.describe(act(side))))
            except Exception as error:
                results.append(("error", (type(error).__name__, str(error), getattr(error, "__notes__", None))))
        assert results[0] == results[1]
        assert self.sides[0].log == self.sides[1].log

    @initialize(kinds=st.tuples(*[st.sampled_from(KINDS[:4]) for _ in KEYS]))
    def begin(self, kinds: tuple[str, ...]) -> None:
        for key, kind in zip(KEYS, kinds, strict=True):
            self._bind(0, key, kind, BindingScope.TRANSIENT, ())

    @precondition(lambda self: len(self.depths) < MAX_CONTEXTS)
    @rule(parent=st.integers(0, MAX_CONTEXTS - 1), scope=st.sampled_from(CONTEXT_SCOPES))
    def open_context(self, parent: int, scope: BindingScope) -> None:
        parent %= len(self.depths)
        if self.depths[parent] >= MAX_DEPTH - 1:
            return
        self.depths.append(self.depths[parent] + 1)
        name = f"c{len(self.depths)}"
        for side in self.sides:
            side.contexts.append(side.context_class(side.contexts[parent], name, scope=scope))

    @rule(
        where=st.integers(0, MAX_CONTEXTS - 1),
        key=st.sampled_from(KEYS),
        kind=st.sampled_from(KINDS),
        scope=st.sampled_from(SCOPES),
        needs=st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), max_size=2),
    )
    def bind(self, where: int, key: str, kind: str, scope: BindingScope, needs: list[tuple[str, bool]]) -> None:
        self._bind(where, key, kind, scope, tuple(needs))

    def _bind(self, where: int, key: str, kind: str, scope: BindingScope, needs: tuple[tuple[str, bool], ...]) -> None:
        self.labels += 1
        label = f"{key}{self.labels}"
        target = needs[0][0] if needs else "a"

        def act(side: Side) -> None:
            binding = side.contexts[where % len(side.contexts)].bind(key).in_scope(scope)
            self._source(side, binding, kind, label, needs, target)

        self.both(act)

    @rule(
        where=st.integers(0, MAX_CONTEXTS - 1),
        key=st.sampled_from(KEYS),
        kind=st.sampled_from(KINDS[:-1]),
        needs=st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), max_size=2),
    )
    def change_source(self, where: int, key: str, kind: str, needs: list[tuple[str, bool]]) -> None:
        self.labels += 1
        label = f"{key}{self.labels}"
        target = needs[0][0] if needs else "b"

        def act(side: Side) -> None:
            binding = side.contexts[where % len(side.contexts)].get_binding(key, optional=True)
            if binding is not None:
                self._source(side, binding, kind, label, tuple(needs), target)

        self.both(act)

    def _source(self, side: Side, binding: Any, kind: str, label: str, needs: Any, target: str) -> None:
        if kind == "constant":
            binding.to({"label": label, "inner": [label, None]})
        elif kind == "class":
            binding.to_class(side.source(kind, label, needs))
        elif kind == "provider":
            binding.to_provider(side.source(kind, label, needs))
        elif kind == "alias":
            binding.to_alias(target)
        elif kind == "alias_path":
            binding.to_alias(f"{target}#inner.0")
        elif kind != "none":
            binding.to_dynamic_value(side.source(kind, label, needs))

    @rule(where=st.integers(0, MAX_CONTEXTS - 1), key=st.sampled_from(KEYS), scope=st.sampled_from(SCOPES))
    def change_scope(self, where: int, key: str, scope: BindingScope) -> None:
        self.both(lambda side: side.contexts[where % len(side.contexts)].get_binding(key).in_scope(scope) and None)

    @rule(where=st.integers(0, MAX_CONTEXTS - 1), key=st.sampled_from(KEYS))
    def unbind(self, where: int, key: str) -> None:
        self.both(lambda side: side.contexts[where % len(side.contexts)].unbind(key))

    @rule(where=st.integers(0, MAX_CONTEXTS - 1), key=st.sampled_from(KEYS), value=st.sampled_from(("wanted", "other")))
    def tag(self, where: int, key: str, value: str) -> None:
        self.both(lambda side: side.contexts[where % len(side.contexts)].get_binding(key).tag(value) and None)

    @rule(where=st.integers(0, MAX_CONTEXTS - 1), key=st.sampled_from(KEYS), seen=st.integers(0, MAX_CONTEXTS - 1))
    def refresh(self, where: int, key: str, seen: int) -> None:
        def act(side: Side) -> None:
            binding = side.contexts[where % len(side.contexts)].get_binding(key)
            binding.refresh(side.contexts[seen % len(side.contexts)])

        self.both(act)

    @rule(where=st.integers(0, MAX_CONTEXTS - 1), key=st.sampled_from(KEYS), level=st.integers(0, 3))
    def configure(self, where: int, key: str, level: int) -> None:
        self.both(lambda side: side.contexts[where % len(side.contexts)].configure(key).to({"level": level}) and None)

    @rule(
        where=st.integers(0, MAX_CONTEXTS - 1),
        key=st.sampled_from((*KEYS, "a#inner.1", "missing")),
        optional=st.booleans(),
        times=st.integers(1, 4),
    )
    def get_sync(self, where: int, key: str, optional: bool, times: int) -> None:
        for _ in range(times):
            self.both(lambda side: side.contexts[where % len(side.contexts)].get_sync(key, optional=optional))

    @rule(
        where=st.integers(0, MAX_CONTEXTS - 1),
        key=st.sampled_from((*KEYS, "a#inner.1", "missing")),
        optional=st.booleans(),
        times=st.integers(1, 4),
    )
    def get(self, where: int, key: str, optional: bool, times: int) -> None:
        async def ask(side: Side) -> Any:
            return await side.contexts[where % len(side.contexts)].get(key, optional=optional)

        for _ in range(times):
            self.both(lambda side: self.loop.run_until_complete(ask(side)))

    @rule(where=st.integers(0, MAX_CONTEXTS - 1), key=st.sampled_from(KEYS), cls=st.sampled_from((One, Two)))
    def provide(self, where: int, key: str, cls: type[One]) -> None:
        self.both(lambda side: side.contexts[where % len(side.contexts)].get_binding(key).provides(cls) and None)

    @rule(where=st.integers(0, MAX_CONTEXTS - 1), handler=st.sampled_from(HANDLERS), times=st.integers(1, 4))
    def inject(self, where: int, handler: Callable[..., Any], times: int) -> None:
        """Give the parameters of a call."""

        async def give(side: Side) -> Any:
            points = call_spec(handler).points
            found = await injected(side.contexts[where % len(side.contexts)], points)
            given = {point.parameter: found.get(point.parameter, point.default) for point in points}
            return {name: await value() if isfunction(value) else value for name, value in given.items()}

        for _ in range(times):
            self.both(lambda side: self.loop.run_until_complete(give(side)))

    @rule(
        where=st.integers(0, MAX_CONTEXTS - 1),
        key=st.sampled_from(KEYS),
        seen=st.integers(0, MAX_CONTEXTS - 1),
        times=st.integers(1, 4),
    )
    def resolve_binding(self, where: int, key: str, seen: int, times: int) -> None:
        """Ask a context for a binding that another one sees."""

        async def ask(side: Side) -> Any:
            binding = side.contexts[where % len(side.contexts)].get_binding(key)
            return await side.contexts[seen % len(side.contexts)].resolve_binding(binding)

        for _ in range(times):
            self.both(lambda side: self.loop.run_until_complete(ask(side)))

    @precondition(lambda self: len(self.depths) > 1)
    @rule(where=st.integers(1, MAX_CONTEXTS - 1))
    def close(self, where: int) -> None:
        self.both(lambda side: self.loop.run_until_complete(side.contexts[where % len(side.contexts)].close()))


TestPlansAgree = PlansAgree.TestCase
TestPlansAgree.__doc__ = "CTX-681"
TestPlansAgree.pytestmark = [pytest.mark.timeout(max(600, STEPS // 100))]
TestPlansAgree.settings = settings(
    max_examples=max(1, STEPS // STEPS_PER_RUN),
    stateful_step_count=STEPS_PER_RUN,
    deadline=None,
    derandomize="MAINSPRING_PLAN_STEPS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
