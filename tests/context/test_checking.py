"""Checking contexts without resolving: the same questions as a resolution asks, and nothing is made."""

import inspect
from typing import Annotated

import pytest

from mainspring.context import (
    AmbiguousTypeError,
    Binding,
    BindingScope,
    CircularDependencyError,
    Context,
    ContextError,
    KeyNotBoundError,
    ResolutionError,
    ScopeError,
    config,
    inject,
    injectable,
    intercept,
)
from mainspring.context.checking import Check
from mainspring.context.places import place_of, place_of_point
from mainspring.context.signatures import class_spec

KINDS = {
    KeyNotBoundError: "unbound",
    AmbiguousTypeError: "ambiguous",
    CircularDependencyError: "cycle",
    ScopeError: "scope",
    ResolutionError: "injection",
}


def checked(*contexts, below=()):
    check = Check()
    for ctx in (*contexts, *below):
        check.add_context(ctx)
    for ctx in contexts:
        for binding in ctx.find():
            if ctx.own_binding(binding.key) is binding:
                check.check_binding(ctx, binding)
    return check


class Absent: ...


class Two: ...


class NeedsKey:
    def __init__(self, value: str = inject("absent")) -> None: ...


class NeedsType:
    def __init__(self, value: Absent) -> None: ...


class NeedsTwo:
    two: Two = inject()


class NeedsNothingKnown:
    def __init__(self, value) -> None: ...  # the missing annotation is the fault


class NeedsUnreadable:
    def __init__(self, value: "NoSuchName") -> None: ...  # noqa: F821  # type: ignore[name-defined]  # the fault


class NeedsOtherType:
    def __init__(self, value: Annotated[int, inject.tag("x")]) -> None: ...


class NeedsItself:
    def __init__(self, value: object = inject("subject")) -> None: ...


class Provides:
    def __init__(self, value: str = inject("absent")) -> None: ...

    def value(self) -> int:
        return 1


class ProvidesWith:
    def value(self, value: str = inject("absent")) -> int:
        return 1


def factory(value: str = inject("absent")) -> int:
    return 1


SOURCES = {
    "key": lambda binding: binding.to_class(NeedsKey),
    "type": lambda binding: binding.to_class(NeedsType),
    "two": lambda binding: binding.to_class(NeedsTwo),
    "nothing known": lambda binding: binding.to_class(NeedsNothingKnown),
    "unreadable": lambda binding: binding.to_class(NeedsUnreadable),
    "contradiction": lambda binding: binding.to_class(NeedsOtherType),
    "itself": lambda binding: binding.to_class(NeedsItself),
    "provider's constructor": lambda binding: binding.to_provider(Provides),
    "provider's value": lambda binding: binding.to_provider(ProvidesWith),
    "factory": lambda binding: binding.to_dynamic_value(factory),
    "alias": lambda binding: binding.to_alias("absent"),
    "ring of aliases": lambda binding: binding.to_alias("subject"),
    "no source": lambda binding: binding,
    "server scope": lambda binding: binding.to_class(Two).in_scope(BindingScope.SERVER),
}


@pytest.mark.parametrize("name", SOURCES)
def test_what_would_be_raised_is_found(name):
    ctx = Context("app", scope=BindingScope.APPLICATION)
    ctx.bind("two.a").to_class(Two)
    ctx.bind("two.b").to_class(Two)
    SOURCES[name](ctx.bind("subject"))
    with pytest.raises(ContextError) as raised:
        ctx.get_sync("subject")
    [finding] = checked(ctx).findings
    assert finding.kind == next(kind for cls, kind in KINDS.items() if isinstance(raised.value, cls))
    assert finding.key == raised.value.key
    assert finding.path in (raised.value.path, "subject")
    if finding.place is not None:
        assert finding.place.file == __file__


def test_one_fault_on_many_ways_is_one_finding():
    ctx = Context("app")
    ctx.bind("needs").to_class(NeedsKey)
    for number in range(5):
        ctx.bind(f"alias.{number}").to_alias("needs")
    [finding] = checked(ctx).findings
    assert finding.place.line == line_of(NeedsKey, "value: str")


def line_of(cls, text):
    lines, first = inspect.getsourcelines(cls)
    return first + next(number for number, line in enumerate(lines) if text in line)


def test_nothing_is_made_and_no_resolve_function_is_called():
    made = []

    class Loud:
        def __init__(self, value: Annotated[object, inject(resolve=lambda *_: made.append("resolved"))]) -> None:
            made.append("made")

    ctx = Context("app")
    ctx.bind("loud").to_class(Loud).in_scope("singleton")
    ctx.bind("factory").to_dynamic_value(lambda: made.append("called"))
    assert checked(ctx).findings == []
    assert made == []


class Session: ...


def test_what_a_binding_of_a_wrong_scope_lacks_is_told_as_well():
    ctx = Context("app", scope=BindingScope.APPLICATION)
    ctx.bind("served").to_class(NeedsKey).in_scope(BindingScope.SERVER)
    ctx.bind("asks").to_alias("served")
    found = {(each.kind, each.key, each.path) for each in checked(ctx).findings}
    assert ("scope", "served", "served") in found
    assert ("unbound", "absent", "served --> NeedsKey.__init__[value] --> absent") in found


@injectable(scope=BindingScope.SINGLETON)
class Keeper:
    def __init__(self, through: object = inject("through")) -> None: ...


class Through:
    def __init__(self, session: Session) -> None: ...


def test_what_is_kept_longer_than_a_request_and_needs_one_is_told():
    """REST-184"""
    ctx = Context("app", scope=BindingScope.APPLICATION)
    ctx.bind("through").to_class(Through)
    ctx.bind("session").to_class(Session).in_scope(BindingScope.REQUEST)
    request = Context(ctx, scope=BindingScope.REQUEST)
    assert checked(ctx, below=[request]).findings == []
    ctx.bind("keeper").to_injectable(Keeper)
    [finding] = checked(ctx, below=[request]).findings
    assert (finding.kind, finding.key) == ("scope", "session")
    assert finding.path.startswith("keeper --> Keeper.__init__[through] --> through --> Through.__init__[session]")


def test_what_only_a_request_has_is_a_fault_of_what_is_kept_longer():
    """REST-184"""
    ctx = Context("app", scope=BindingScope.APPLICATION)
    request = Context(ctx, scope=BindingScope.REQUEST)
    request.bind("session").to_class(Session)
    ctx.bind("through").to_class(Through).in_scope("singleton")
    [finding] = checked(ctx, below=[request]).findings
    assert finding.kind == "scope"
    ctx.bind("through").to_class(Through)
    assert checked(ctx, below=[request]).findings == []


def test_what_is_promised_or_set_by_a_setter_is_no_fault():

    class Elects:
        def __init__(self, set_leader: Annotated[object, inject.setter("leader")]) -> None: ...

    class Obeys:
        def __init__(self, session: Session, leader: str = inject("leader")) -> None: ...

    ctx = Context("app")
    ctx.bind("obeys").to_class(Obeys)
    assert sorted(each.kind for each in checked(ctx).findings) == ["unbound", "unbound"]
    ctx.bind("elects").to_class(Elects)
    check = Check()
    check.add_context(ctx, [Session])
    check.check_binding(ctx, ctx.get_binding("obeys"))
    check.check_binding(ctx, ctx.get_binding("elects"))
    assert check.findings == []


def test_a_cycle_is_drawn_once_and_a_getter_breaks_it():

    class Hen:
        def __init__(self, egg: object = inject("egg")) -> None: ...

    class Egg:
        def __init__(self, hen: object = inject("hen")) -> None: ...

    class LateEgg:
        def __init__(self, hen: object = inject.getter("hen")) -> None: ...

    ctx = Context("app")
    ctx.bind("farm").to_alias("hen")
    ctx.bind("hen").to_class(Hen)
    ctx.bind("egg").to_class(Egg)
    [finding] = checked(ctx).findings
    assert finding.path == "hen --> Hen.__init__[egg] --> egg --> Egg.__init__[hen] --> hen"
    ctx.bind("egg").to_class(LateEgg)
    assert checked(ctx).findings == []


def test_members_of_tags_and_configurations_are_looked_at():

    class Lists:
        def __init__(self, all: Annotated[list, inject.tag("member")], size: Annotated[object, config()]) -> None: ...

    ctx = Context("app")
    ctx.bind("lists").to_class(Lists)
    ctx.bind("back").to_alias("lists").tag("member")
    ctx.configure("lists").to_alias("nowhere")
    assert {each.kind for each in checked(ctx).findings} == {"unbound", "cycle"}


def test_interceptors_and_parameters_of_methods_are_looked_at():
    @intercept("no.interceptor")
    class Serves:
        def serve(self, known: str = inject("knwon.key"), unknown: str = inject("bound.by.the.caller")) -> None: ...

    ctx = Context("app")
    ctx.bind("known.key").to("x")
    ctx.bind("serves").to_class(Serves)
    found = {each.key: each for each in checked(ctx).findings}
    assert set(found) == {"no.interceptor", "knwon.key"}
    assert found["no.interceptor"].path == "Serves --> no.interceptor"
    assert found["knwon.key"].suggestions == ("known.key",)


def test_the_nearest_classes_are_told_for_a_type():
    class Absentee: ...

    ctx = Context("app")
    ctx.bind("absentees").to_class(Absentee)
    ctx.bind("needs").to_class(NeedsType)
    [finding] = checked(ctx).findings
    assert finding.suggestions == ("absentees",)


def test_no_binding_is_near_to_a_built_in_type():
    def takes(size: int) -> None: ...

    ctx = Context("app")
    ctx.bind("int").to(1)
    ctx.bind("takes").to_dynamic_value(takes)
    [finding] = checked(ctx).findings
    assert finding.suggestions == ()


def test_a_long_chain_is_walked_once():
    ctx = Context("app")
    for number in range(60):
        ctx.bind(f"k{number}").to_dynamic_value(
            lambda one=inject(f"k{number + 1}"), two=inject(f"k{number + 1}"): (one, two)
        )
    ctx.bind("k60").to(1)
    assert checked(ctx).findings == []


def test_places_are_those_of_the_parameter_and_of_the_attribute():
    [point] = class_spec(NeedsKey).constructor.points
    assert place_of_point(point) == (__file__, line_of(NeedsKey, "value: str"))
    [point] = class_spec(NeedsTwo).properties
    assert place_of_point(point) == (__file__, line_of(NeedsTwo, "two: Two"))
    assert place_of(NeedsTwo) == (__file__, line_of(NeedsTwo, "class NeedsTwo"))
    assert place_of(int) is None
    assert place_of(len) is None


def test_a_binding_object_in_two_contexts_is_right_in_each():
    shared = Binding("shared").to_class(NeedsType)
    right, wrong = Context("right"), Context("wrong")
    right.bind("absent").to_class(Absent)
    right.add(shared)
    wrong.add(shared)
    [finding] = checked(right, wrong).findings
    assert "wrong" in finding.message
