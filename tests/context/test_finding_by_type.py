"""A class as a key: the binding that provides this type."""

import abc
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Hashable,
    Iterator,
    Sequence,
    Sized,
)
from typing import Annotated, Any, Generic, NewType, Protocol, TypeVar, runtime_checkable

import pytest

from mainspring.context import (
    AmbiguousTypeError,
    Binding,
    BindingScope,
    Context,
    Getter,
    KeyNotBoundError,
    Provider,
    filter_by_key,
    inject,
    injectable,
)

GETS = 4  # the first gets are interpreted, later ones run a plan: a behaviour has to hold for both

T = TypeVar("T")


class Animal:
    pass


class Dog(Animal):
    pass


class Puppy(Dog):
    pass


class Stone:
    pass


def chain():
    """``app <- server <- request``."""
    app = Context("app", scope=BindingScope.APPLICATION)
    server = Context(app, "server", scope=BindingScope.SERVER)
    return app, server, Context(server, "request", scope=BindingScope.REQUEST)


def found(ctx, wanted):
    """The key of the binding that every way of asking for the type finds."""
    binding = ctx.get_binding(wanted)
    for _ in range(GETS):
        assert ctx.get_binding(wanted) is binding
        assert ctx.is_bound(wanted)
    return binding.key


def absent(ctx, wanted):
    """Whether nothing provides the type, whoever asks."""
    for _ in range(GETS):
        with pytest.raises(KeyNotBoundError):
            ctx.get_sync(wanted)
    return wanted not in ctx and ctx.get_sync(wanted, optional=True) is None


# Candidates


def test_a_class_binding_provides_its_class_and_the_superclasses():
    """CTX-160"""
    ctx = Context()
    ctx.bind("k").to_class(Puppy)
    for wanted in (Puppy, Dog, Animal):
        for _ in range(GETS):
            assert type(ctx.get_sync(wanted)) is Puppy
    assert absent(ctx, Stone)


def test_a_class_binding_does_not_provide_subclasses():
    """CTX-160"""
    ctx = Context()
    ctx.bind("k").to_class(Animal)
    assert absent(ctx, Dog)


def test_an_injectable_class_provides_its_class():
    """CTX-160"""

    @injectable(tags=["t"])
    class Service(Dog):
        pass

    ctx = Context()
    ctx.bind("k").to_injectable(Service)
    assert found(ctx, Animal) == found(ctx, Service) == "k"


def _plain() -> Dog:
    return Dog()


def _quoted() -> "Dog":
    return Dog()


def _annotated() -> Annotated[Dog, "extra"]:
    return Dog()


async def _later() -> Dog:
    return Dog()


def _awaitable() -> Awaitable[Dog]:
    return _later()


def _coroutine() -> Coroutine[Any, Any, Dog]:
    return _later()


def _iterator() -> Iterator[Dog]:
    yield Dog()


def _generator() -> Generator[Dog, None, None]:
    yield Dog()


async def _async_iterator() -> AsyncIterator[Dog]:
    yield Dog()


async def _async_generator() -> AsyncGenerator[Dog, None]:
    yield Dog()


class DogFactory:
    @staticmethod
    def value() -> Dog:
        return Dog()


class DogFactoryLater:
    @classmethod
    async def value(cls) -> Dog:
        return Dog()


class CallableDog:
    def __call__(self) -> Dog:
        return Dog()

    def method(self) -> Dog:
        return Dog()


@pytest.mark.parametrize(
    "factory",
    [
        _plain,
        _quoted,
        _annotated,
        _later,
        _awaitable,
        _coroutine,
        _iterator,
        _generator,
        _async_iterator,
        _async_generator,
        DogFactory,
        DogFactoryLater,
        CallableDog(),
        CallableDog().method,
    ],
)
async def test_a_factory_provides_its_return_type_and_the_superclasses(factory):
    """CTX-160"""
    async with Context() as ctx:
        ctx.bind("k").to_dynamic_value(factory)
        for wanted in (Dog, Animal):
            assert found(ctx, wanted) == "k"
            for _ in range(GETS):
                assert type(await ctx.get(wanted)) is Dog
        assert absent(ctx, Puppy)


class DogProvider:
    def value(self) -> Dog:
        return Dog()


class DogProviderLater(Provider[Dog]):
    async def value(self) -> Dog:
        return Dog()


class DogProviderGenerator:
    def value(self) -> Iterator[Dog]:
        yield Dog()


@pytest.mark.parametrize("provider", [DogProvider, DogProviderLater, DogProviderGenerator])
async def test_a_provider_provides_the_type_of_its_value_not_its_own(provider):
    """CTX-160"""
    async with Context() as ctx:
        ctx.bind("k").to_provider(provider)
        assert found(ctx, Dog) == found(ctx, Animal) == "k"
        assert type(await ctx.get(Animal)) is Dog
        assert absent(ctx, provider)


def test_what_says_no_type_provides_none():
    """CTX-160"""

    class Untyped:
        def value(self):
            return Dog()

    ctx = Context()
    ctx.bind("factory").to_dynamic_value(lambda: Dog())  # noqa: PLW0108 - the class is no factory
    ctx.bind("provider").to_provider(Untyped)
    ctx.bind("empty")
    assert absent(ctx, Dog)


def test_a_constant_is_found_by_provides_only():
    """CTX-161"""
    ctx, dog = Context(), Dog()
    binding = ctx.bind("k").to(dog)
    ctx.bind("class").to(Dog)
    assert absent(ctx, Dog)
    binding.provides(Dog)
    for _ in range(GETS):
        assert ctx.get_sync(Dog) is ctx.get_sync(Animal) is dog


def test_an_alias_is_no_candidate():
    """CTX-161"""
    ctx = Context()
    ctx.bind("alias").to_alias("k")
    ctx.bind("by type").to_alias(Dog)
    ctx.bind("k").to_class(Dog)
    assert found(ctx, Dog) == "k"
    assert found(ctx, Animal) == "k"


def test_a_configuration_is_no_candidate():
    """CTX-161"""
    ctx = Context()
    ctx.configure("service").to_class(Dog)
    ctx.configure("other").to_dynamic_value(_plain)
    ctx.add(Binding.configure("third").to_provider(DogProvider))
    assert absent(ctx, Dog)
    ctx.bind("k").to_class(Dog)
    assert found(ctx, Dog) == "k"


def test_binding_a_class_as_key_provides_it():
    """CTX-042, CTX-162"""
    ctx, dog = Context(), Dog()
    ctx.bind(Dog).to(dog)
    for _ in range(GETS):
        assert ctx.get_sync(Dog) is dog
        assert ctx.get_sync(Animal) is dog
    ctx.bind(Dog).to_dynamic_value(lambda: "anything")
    assert ctx.get_sync(Dog) == "anything"


# provides


def test_provides_adds_to_what_the_source_provides():
    """CTX-162"""
    ctx = Context()
    binding = ctx.bind("k").to_class(Dog)
    assert binding.provides(Stone) is binding
    binding.provides(Sized, Callable)
    for wanted in (Dog, Animal, Stone, Sized):
        assert found(ctx, wanted) == "k"
    with pytest.raises(TypeError):
        binding.provides("Dog")


def test_provides_counts_for_the_superclasses_too():
    """CTX-162"""
    ctx = Context()
    ctx.bind("k").to("constant").provides(Puppy)
    for wanted in (Puppy, Dog, Animal):
        assert found(ctx, wanted) == "k"


def test_another_source_takes_away_what_the_old_one_provided_only():
    """CTX-162, CTX-170"""
    ctx = Context()
    binding = ctx.bind("k").to_class(Dog).provides(Sized)
    assert found(ctx, Dog) == found(ctx, Sized) == "k"
    binding.to_class(Stone)
    assert found(ctx, Stone) == found(ctx, Sized) == "k"
    assert absent(ctx, Dog)
    binding.to(1)
    assert absent(ctx, Stone)
    assert found(ctx, Sized) == "k"
    binding.to_alias("other")
    assert found(ctx, Sized) == "k"


# Which one


def test_one_candidate_in_the_nearest_context_wins_whatever_is_above():
    """CTX-163, CTX-164"""
    app, server, request = chain()
    app.bind("a").to_class(Dog)
    app.bind("b").to_class(Dog)
    server.bind("c").to_class(Puppy)
    for _ in range(GETS):
        assert type(request.get_sync(Dog)) is Puppy
        assert type(request.get_sync(Animal)) is Puppy
    assert found(request, Dog) == "c"
    with pytest.raises(AmbiguousTypeError):
        app.get_sync(Dog)


@pytest.mark.parametrize(
    "exact",
    [
        lambda binding: binding.to_class(Dog),
        lambda binding: binding.to_dynamic_value(_plain),
        lambda binding: binding.to_dynamic_value(_quoted),
        lambda binding: binding.to_dynamic_value(_awaitable),
        lambda binding: binding.to_dynamic_value(_iterator),
        lambda binding: binding.to_provider(DogProvider),
        lambda binding: binding.to("constant").provides(Dog),
        lambda binding: binding.to_class(Puppy).provides(Dog),
    ],
)
def test_of_several_the_one_that_is_exactly_the_type_wins(exact):
    """CTX-163"""
    ctx = Context()
    ctx.bind("before").to_class(Puppy)
    exact(ctx.bind("exact"))
    ctx.bind("after").to("constant").provides(Puppy)
    assert found(ctx, Dog) == "exact"


@pytest.mark.parametrize("optional", [False, True])
async def test_several_candidates_are_listed(optional):
    """CTX-163"""
    ctx = Context(Context("above"), "here")
    ctx.parent.bind("above").to_class(Dog)
    ctx.bind("one").to_class(Dog)
    ctx.bind("two").to_class(Dog)
    ctx.bind("three").to_class(Puppy)
    for _ in range(GETS):
        for wanted in (Dog, Animal):
            with pytest.raises(AmbiguousTypeError) as caught:
                await ctx.get(wanted, optional=optional)
            for text in ("one", "two", "three", "here", wanted.__name__):
                assert text in str(caught.value)
            assert "above" not in str(caught.value)
            with pytest.raises(AmbiguousTypeError):
                ctx.get_sync(wanted, optional=optional)
        with pytest.raises(AmbiguousTypeError):
            ctx.get_binding(Dog, optional=optional)
        with pytest.raises(AmbiguousTypeError):
            Dog in ctx  # noqa: B015 - it raises
    ctx.unbind("two")
    assert found(ctx, Dog) == "one"


def test_two_that_are_exactly_the_type_are_ambiguous_though_others_are_not():
    """CTX-163"""
    ctx = Context()
    ctx.bind("one").to_class(Dog)
    ctx.bind("two").to("constant").provides(Dog)
    ctx.bind("sub").to_class(Puppy)
    with pytest.raises(AmbiguousTypeError):
        ctx.get_sync(Dog)
    assert found(ctx, Puppy) == "sub"


async def test_none_in_the_whole_chain_is_named():
    """CTX-163"""
    _, _, request = chain()
    request.bind("k").to_class(Stone)
    for _ in range(GETS):
        with pytest.raises(KeyNotBoundError, match="Dog") as caught:
            await request.get(Dog)
        assert caught.value.contexts == ("request", "server", "app")


def test_a_candidate_that_was_optional_and_ambiguous_as_parameter_raises():
    """CTX-163"""

    def consume(dog: Dog | None = None):
        return dog

    ctx = Context()
    ctx.bind("consumer").to_dynamic_value(consume)
    for _ in range(GETS):
        assert ctx.get_sync("consumer") is None
    ctx.bind("one").to_class(Dog)
    for _ in range(GETS):
        assert type(ctx.get_sync("consumer")) is Dog
    ctx.bind("two").to_class(Dog)
    for _ in range(GETS):
        with pytest.raises(AmbiguousTypeError):
            ctx.get_sync("consumer")


def test_a_nearer_binding_of_the_same_key_replaces_the_candidate():
    """CTX-164, CTX-165"""
    app, server, request = chain()
    app.bind("k").to_class(Dog)
    server.bind("k").to_class(Puppy)
    assert found(request, Dog) == "k"
    for _ in range(GETS):
        assert type(request.get_sync(Dog)) is Puppy
        assert type(app.get_sync(Dog)) is Dog


def test_a_hidden_binding_is_no_candidate():
    """CTX-165"""
    app, server, request = chain()
    app.bind("k").to_class(Dog)
    assert found(request, Dog) == "k"
    server.bind("k").to("something else")
    assert absent(request, Dog)
    assert absent(server, Dog)
    assert found(app, Dog) == "k"
    app.bind("other").to_class(Dog)
    assert found(request, Dog) == "other"
    request.bind("other")
    assert absent(request, Dog)
    request.unbind("other")
    server.unbind("k")
    with pytest.raises(AmbiguousTypeError):
        request.get_sync(Dog)


# Subclass


class Speaker(abc.ABC):
    @abc.abstractmethod
    def speak(self): ...


class Registered:
    def speak(self):
        return "registered"


class Lookalike:
    def speak(self):
        return "alike"


class Derived(Speaker):
    def speak(self):
        return "derived"


class Speaks(Protocol):
    def speak(self): ...


@runtime_checkable
class SpeaksAtRuntime(Protocol):
    def speak(self): ...


class Declared(Speaks, SpeaksAtRuntime):
    def speak(self):
        return "declared"


def test_an_abc_is_found_by_subclasses_and_registered_classes():
    """CTX-166"""
    ctx = Context()
    ctx.bind("alike").to_class(Lookalike)
    assert absent(ctx, Speaker)
    ctx.bind("k").to_class(Registered)
    assert absent(ctx, Speaker)
    Speaker.register(Registered)
    assert found(ctx, Speaker) == "k"
    ctx.unbind("k")
    ctx.bind("k").to_class(Derived)
    assert found(ctx, Speaker) == "k"


def test_a_subclass_of_a_registered_class_is_one_too():
    """CTX-166"""

    class Base(abc.ABC):  # noqa: B024 - classes are registered with it
        pass

    class Virtual:
        pass

    class Below(Virtual):
        pass

    Base.register(Virtual)
    ctx = Context()
    ctx.bind("k").to_class(Below)
    assert found(ctx, Base) == "k"


@pytest.mark.parametrize("wanted", [Speaks, SpeaksAtRuntime])
def test_a_protocol_is_found_by_explicit_subclasses_and_provides_only(wanted):
    """CTX-166"""
    ctx = Context()
    ctx.bind("alike").to_class(Lookalike)
    assert absent(ctx, wanted)
    ctx.bind("declared").to_class(Declared)
    assert found(ctx, wanted) == "declared"
    ctx.unbind("declared")
    ctx.get_binding("alike").provides(wanted)
    assert found(ctx, wanted) == "alike"


def test_the_abcs_of_python_do_not_match_by_shape_either():
    """CTX-166"""

    class Countable:
        def __len__(self):
            return 0

    ctx = Context()
    ctx.bind("k").to_class(Countable)
    for wanted in (Sized, Hashable, Callable):
        assert absent(ctx, wanted)

    def consume(sized: Sized | None = None):
        return sized

    ctx.bind("consumer").to_dynamic_value(consume)
    assert ctx.get_sync("consumer") is None
    ctx.get_binding("k").provides(Sized)
    assert found(ctx, Sized) == "k"


# Generics


class Repository(Generic[T]):
    pass


class Todo:
    pass


class User:
    pass


class TodoRepository(Repository[Todo]):
    pass


class SpecialTodoRepository(TodoRepository):
    pass


def _todos() -> Repository[Todo]:
    return Repository()


async def _todos_later() -> Repository[Todo]:
    return Repository()


@pytest.mark.parametrize(
    "bind",
    [
        lambda binding: binding.to_class(Repository).provides(Repository[Todo]),
        lambda binding: binding.to_dynamic_value(_todos),
        lambda binding: binding.to_dynamic_value(_todos_later),
        lambda binding: binding.to_class(TodoRepository),
        lambda binding: binding.to_class(SpecialTodoRepository),
    ],
    ids=["provides", "factory", "async factory", "class", "subclass"],
)
async def test_a_parametrised_generic_is_found_by_its_parameters(bind):
    """CTX-167"""

    def consume(repository: Repository[Todo]):
        return repository

    ctx = Context()
    bind(ctx.bind("todos"))
    ctx.bind("users").to("constant").provides(Repository[User])
    ctx.bind("consumer").to_dynamic_value(consume)
    assert found(ctx, Repository[Todo]) == "todos"
    assert found(ctx, Repository[User]) == "users"
    for _ in range(GETS):
        assert isinstance(await ctx.get(Repository[Todo]), Repository)
        assert isinstance(await ctx.get("consumer"), Repository)
    ctx.unbind("users")
    assert found(ctx, Repository) == "todos"
    assert absent(ctx, Repository[User])


def test_the_bare_generic_does_not_provide_a_parametrised_one():
    """CTX-167"""
    ctx = Context()
    ctx.bind("k").to_class(Repository)
    assert absent(ctx, Repository[Todo])
    assert found(ctx, Repository) == "k"


def test_several_parametrised_ones_are_ambiguous_for_the_bare_generic():
    """CTX-163, CTX-167"""
    ctx = Context()
    ctx.bind("todos").to_class(TodoRepository)
    ctx.bind("users").to("constant").provides(Repository[User])
    with pytest.raises(AmbiguousTypeError):
        ctx.get_sync(Repository)
    ctx.bind("exact").to_class(Repository)
    assert found(ctx, Repository) == "exact"


def test_a_parametrised_generic_that_is_exactly_wanted_wins():
    """CTX-163, CTX-167"""
    ctx = Context()
    ctx.bind("class").to_class(TodoRepository)
    ctx.bind("factory").to_dynamic_value(_todos)
    assert found(ctx, Repository[Todo]) == "factory"
    ctx.get_binding("class").provides(Repository[Todo])
    with pytest.raises(AmbiguousTypeError):
        ctx.get_sync(Repository[Todo])


# Types that only a checker tells apart

UserId = NewType("UserId", int)
GuideDog = NewType("GuideDog", Dog)


def _guide_dog() -> GuideDog:
    return GuideDog(Dog())


async def test_a_new_type_is_a_type_of_its_own():
    """CTX-160, CTX-162, CTX-169, CTX-171: by `provides` and by a declared return type."""

    class Consumer:
        prop: UserId = inject()

        def __init__(
            self,
            user: UserId,
            by_key: Annotated[int, inject(UserId)],
            getter: Annotated[Getter[UserId], inject.getter(UserId)],
            number: int = 8,
            several: Annotated[Sequence[int], inject(filter_by_key("id"))] = (),
        ) -> None:
            self.all = (user, by_key, number, several)
            self.getter = getter

    ctx = Context("here")
    with pytest.raises(KeyNotBoundError, match=r"provides the type .*UserId.*binding.provides"):
        ctx.get_sync(UserId)
    ctx.bind("id").to(UserId(4)).provides(UserId)
    ctx.bind("consumer").to_class(Consumer)
    assert (found(ctx, UserId), int in ctx) == ("id", False)
    for _ in range(GETS):
        consumer = await ctx.get(Consumer)
        assert (consumer.all, consumer.prop, await consumer.getter()) == ((4, 4, 8, [4]), 4, 4)
    assert ctx.bind(UserId).to(UserId(5)).provided_types == (UserId,)
    ctx.unbind("id")
    assert ctx.get_sync(UserId) == 5


def test_a_new_type_is_found_by_what_it_stands_for_not_the_other_way_round():
    """CTX-160, CTX-163"""
    ctx = Context()
    ctx.bind("guide").to_dynamic_value(_guide_dog)
    assert found(ctx, GuideDog) == found(ctx, Dog) == found(ctx, Animal) == "guide"
    ctx.bind("dog").to_class(Dog)
    assert (found(ctx, GuideDog), found(ctx, Dog)) == ("guide", "dog")
    ctx.unbind("guide")
    assert absent(ctx, GuideDog)


# Annotations that cannot be read


def _unknown() -> "NoSuchName":  # noqa: F821 - on purpose
    return Dog()


def _known_later() -> "DefinedLater":  # noqa: F821 - on purpose
    return Stone()


class UnknownProvider:
    def value(self) -> "NoSuchName":  # noqa: F821 - on purpose
        return Dog()


def test_a_return_annotation_that_cannot_be_read_makes_no_candidate():
    """CTX-168"""
    ctx = Context()
    ctx.bind("a").to_dynamic_value(_unknown)
    ctx.bind("b").to_provider(UnknownProvider)
    ctx.bind("k").to_class(Dog)
    assert found(ctx, Dog) == "k"
    assert type(ctx.get_sync("a")) is Dog
    assert type(ctx.get_sync("b")) is Dog
    ctx.get_binding("a").provides(Stone)
    assert found(ctx, Stone) == "a"


def test_a_name_defined_later_is_found_once_it_is_there():
    """CTX-168, CTX-170"""
    ctx = Context()
    ctx.bind("k").to_dynamic_value(_known_later)
    assert absent(ctx, Stone)
    globals()["DefinedLater"] = type("DefinedLater", (Stone,), {})
    try:
        assert found(ctx, Stone) == "k"
    finally:
        del globals()["DefinedLater"]


def test_an_unhashable_annotation_is_nobodys_type():
    """CTX-168"""

    def make() -> Annotated[Dog, ["unhashable"]]:
        return Dog()

    def odd() -> ["odd"]:
        return Dog()

    ctx = Context()
    ctx.bind("odd").to_dynamic_value(odd)
    ctx.bind("k").to_dynamic_value(make)
    assert found(ctx, Dog) == "k"


# Everybody asks in the same way


async def test_every_way_of_asking_for_a_type_finds_the_same():
    """CTX-169"""
    app, _, request = chain()

    class Consumer:
        by_marker: Dog = inject()
        by_class = inject(Dog)

        def __init__(self, dog: Dog, key=inject(Dog), getter=inject.getter(Dog)):
            self.found = [dog, key]
            self.getter = getter

    app.bind("near").to_class(Puppy).in_scope("singleton")
    app.bind("far").to_class(Stone)
    app.bind("consumer").to_class(Consumer)
    for key in ("near", "nearer"):
        for _ in range(GETS):
            dog = request.get_sync(key)
            consumer = request.get_sync("consumer")
            asked = [*consumer.found, consumer.by_marker, consumer.by_class, await consumer.getter()]
            asked += [request.get_sync(Dog), await request.get(Dog), request[Dog]]
            assert asked == [dog] * 8
            assert request.get_binding(Dog) is request.get_binding(key)
            assert Dog in request
            assert request.is_bound(Dog)
            assert request.get_owner_context(Dog) is (app if key == "near" else request)
        request.bind("nearer").to_class(Dog).in_scope("singleton")


# Changes


def test_the_lookup_follows_every_change_in_any_context():
    """CTX-170"""
    app, server, request = chain()

    def consume(dog: Dog = None):
        return type(dog)

    app.bind("consumer").to_dynamic_value(consume)

    def now():
        results = {request.get_sync("consumer") for _ in range(GETS)}
        results |= {type(request.get_sync(Dog, optional=True)) for _ in range(GETS)}
        assert len(results) == 1
        return results.pop()

    assert now() is type(None)
    binding = app.bind("a").to_class(Dog)
    assert now() is Dog
    server.bind("b").to_class(Puppy)
    assert now() is Puppy
    server.unbind("b")
    assert now() is Dog
    binding.to_class(Puppy)
    assert now() is Puppy
    binding.to_class(Stone)
    assert now() is type(None)
    binding.provides(Dog)
    assert now() is Stone
    binding.to_dynamic_value(_plain)
    assert now() is Dog
    request.bind("a").to("hidden")
    assert now() is type(None)
    request.get_binding("a").provides(Dog)
    assert now() is str
    request.unbind("a")
    assert now() is Dog
    app.bind("a").to_provider(DogProvider)
    assert now() is Dog
    app.get_binding("a").to_alias("b")
    assert now() is type(None)


# Built-in types


BUILT_IN = [str, bytes, int, float, complex, bool, list, tuple, dict, set, frozenset, object]


@pytest.mark.parametrize("kind", BUILT_IN)
def test_built_in_types_are_found_by_provides_of_that_very_type_only(kind):
    """CTX-171"""

    def make():
        return kind()

    make.__annotations__["return"] = kind

    class Below(kind if kind is not bool else int):
        pass

    def consume(value=5):
        return value

    consume.__annotations__["value"] = kind
    ctx = Context()
    ctx.bind("factory").to_dynamic_value(make)
    ctx.bind("class").to_class(kind)
    ctx.bind("below").to_class(Below)
    ctx.bind("constant").to(kind())
    ctx.bind("provides below").to(1).provides(Below)
    ctx.bind("consumer").to_dynamic_value(consume)
    assert absent(ctx, kind)
    for _ in range(GETS):
        assert ctx.get_sync("consumer") == 5
    ctx.bind("k").to("by provides").provides(kind)
    assert found(ctx, kind) == "k"
    for _ in range(GETS):
        assert ctx.get_sync("consumer") == "by provides"
    others = [other for other in BUILT_IN if other is not kind]
    assert all(other not in ctx for other in others)


def test_any_is_found_by_provides_of_it_only():
    """CTX-171"""

    def consume(value: Any = 5):
        return value

    ctx = Context()
    ctx.bind("consumer").to_dynamic_value(consume)
    ctx.bind("k").to_class(Dog)
    for _ in range(GETS):
        assert ctx.get_sync("consumer") == 5
    ctx.bind("any").to("any").provides(Any)
    for _ in range(GETS):
        assert ctx.get_sync("consumer") == "any"


def test_a_factory_of_text_fills_no_text_parameter():
    """CTX-171"""

    def make() -> str:
        return "wrong"

    class Consumer:
        def __init__(self, name: str = "x"):
            self.name = name

    ctx = Context()
    ctx.bind("text").to_dynamic_value(make)
    ctx.bind("consumer").to_class(Consumer)
    for _ in range(GETS):
        assert ctx.get_sync("consumer").name == "x"


def test_a_class_below_a_built_in_type_is_found_by_itself():
    """CTX-171"""

    class Name(str):
        __slots__ = ()

    ctx = Context()
    ctx.bind("k").to_class(Name)
    assert found(ctx, Name) == "k"
    assert absent(ctx, str)
