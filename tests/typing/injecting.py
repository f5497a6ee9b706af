"""A marker is the type of its key, wherever it stands: a wrong annotation is found before anything runs."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Protocol, TypeVar, assert_type

from mainspring.context import (
    Binding,
    BindingKey,
    BindingScope,
    Context,
    ContextView,
    Getter,
    InjectionPoint,
    Provider,
    ResolutionContext,
    Session,
    Setter,
    config,
    filter_by_tag,
    inject,
)

T = TypeVar("T")

PORT: BindingKey[int] = BindingKey("rest.port")
NAMES: BindingKey[list[str]] = BindingKey("names")
TODOS = filter_by_tag("todo")


class Clock(Protocol):
    def now(self) -> float: ...


class Store(ABC):
    @abstractmethod
    def keys(self) -> list[str]: ...


class Repository(Generic[T]):
    def find(self) -> list[T]:
        return []


class Todo:
    pass


def current_user(point: str = "user") -> Any:
    def find(ctx: Context, injection: InjectionPoint, session: Session) -> object:
        return (ctx, injection.key, session.binding_path)

    return inject(point, resolve=find)


def markers() -> None:
    assert_type(inject(PORT), int)
    assert_type(inject(NAMES), list[str])
    assert_type(inject(Todo), Todo)
    assert_type(inject(Clock), Clock)
    assert_type(inject(Store), Store)
    assert_type(inject(Repository[Todo]), Repository[Todo])
    assert_type(inject(PORT, optional=True), int)
    assert_type(inject("text"), Any)
    assert_type(inject(), Any)
    assert_type(inject.getter(PORT), Getter[int])
    assert_type(inject.getter(Clock), Getter[Clock])
    assert_type(inject.getter("text"), Getter[Any])
    assert_type(inject.setter(PORT), Setter[int])


class Consumer:
    clock: Clock = inject(Clock)
    store: Store = inject()
    port: int = inject(PORT)
    timeout: float = config("timeout", default=5.0)
    late: Getter[int] = inject.getter(PORT)
    late_by_hand: Callable[[], Awaitable[int]] = inject.getter(PORT)
    change: Setter[int] = inject.setter(PORT)
    wrong: str = inject(PORT)  # type: ignore[assignment]

    def __init__(
        self,
        clock: Clock,
        repository: Repository[Todo],
        annotated: Annotated[int, inject(PORT)],
        port: int = inject(PORT),
        text: str = inject("text"),
        maybe: int | None = inject(PORT, optional=True),
    ) -> None: ...

    async def greet(self, who: str, port: int = inject(PORT)) -> str:
        return f"{who} {port}"

    def contradicts(self, port: str = inject(PORT)) -> None:  # type: ignore[assignment]
        """The key says ``int``."""


class SpecialConsumer:
    user: Todo = current_user()

    def __init__(
        self,
        user: Annotated[Todo, current_user()],
        binding: Binding[int] = inject.binding(PORT),
        view: ContextView[Todo] = inject.view(TODOS),
        todos: list[Todo] = inject.tag("todo"),
        ctx: Context = inject.context(),
        *,
        by_filter: list[Todo] = inject(TODOS),
    ) -> None: ...


async def calls(consumer: Consumer) -> None:
    """What is injected may be left out, also by those who call by hand."""
    assert_type(await consumer.greet("you"), str)
    assert_type(await consumer.greet("you", 80), str)


@dataclass
class Fields:
    todo: Todo
    port: int = inject(PORT)
    annotated: Annotated[int, inject(PORT)] = 80
    names: list[str] = field(default_factory=list)


class PlainProvider(Provider[int]):
    def value(self, base: int = inject(PORT)) -> int:
        return base


class LaterProvider(Provider[int]):
    async def value(self) -> int:
        return 1


class OpeningProvider(Provider[int]):
    def value(self) -> Iterator[int]:
        yield 1


class OpeningLaterProvider(Provider[int]):
    async def value(self) -> AsyncIterator[int]:
        yield 1


class WrongProvider(Provider[int]):
    def value(self) -> str:  # type: ignore[override]
        return "one"


class UndeclaredProvider:
    def value(self) -> int:
        return 1


def is_provider(provider: Provider[int]) -> None:
    """Subclassing is optional."""


is_provider(UndeclaredProvider())
is_provider(Todo())  # type: ignore[arg-type]


def make(resolution: ResolutionContext, port: int = inject(PORT)) -> Todo:
    assert_type(resolution.context, Any)
    return Todo()


def bindings(ctx: Context) -> None:
    assert_type(ctx.bind(PORT), Binding[int])
    assert_type(ctx.bind("text"), Binding[Any])
    assert_type(ctx.bind(Clock), Binding[Clock])
    assert_type(ctx.bind(Store), Binding[Store])
    assert_type(ctx.bind(PORT).to(80), Binding[int])
    assert_type(ctx.bind(PORT).to(80).in_scope(BindingScope.SINGLETON).tag("a", {"b": 1}, c=2).lock(), Binding[int])
    ctx.bind(PORT).to("80")  # type: ignore[arg-type]
    ctx.bind(Todo).to(Store)  # type: ignore[arg-type]
    ctx.bind("any").to("thing")
    ctx.bind("todo").to_class(Todo).provides(Clock, Store)
    ctx.bind("todo").to_dynamic_value(make).to_provider(UndeclaredProvider).to_provider(OpeningProvider)
    ctx.bind("alias").to_alias(PORT).to_alias(Clock).to_alias("text#path")
    ctx.bind("todo").to_class("Todo")  # type: ignore[arg-type]


async def values(ctx: Context) -> None:
    binding = ctx.bind(PORT)
    assert_type(await binding.get_value(ctx), int)
    assert_type(binding.get_value_sync(ctx), int)
    assert_type(ctx.get_sync(PORT, optional=True), int | None)
    assert_type(await ctx.get(PORT, optional=True), int | None)
    assert_type(await ctx.get(Store, optional=True), Store | None)
    assert_type(ctx.get_sync(Repository[Todo]), Repository[Todo])
    assert_type(ctx.get_sync(Clock, optional=False), Clock)
    assert_type(ctx.get_sync("text", optional=True), Any)
    assert_type(ctx[Store], Store)
    assert_type(ctx["text"], Any)
    assert_type(PORT in ctx, bool)
    assert_type(ctx.contains(Clock), bool)
    assert_type(ctx.get_binding(PORT), Binding[int])
    assert_type(ctx.get_binding(Clock, optional=True), Binding[Clock] | None)
    assert_type(ctx.get_binding("text"), Binding[Any])
    assert_type(ctx.find_or_create_binding(PORT), Binding[int])
    assert_type(ctx.parent, Context | None)
    with ctx as same:
        assert_type(same, Context)
    async with ctx as same:
        assert_type(same, Context)
    ctx.get_sync(5)  # type: ignore[call-overload]
    ctx.bind(5)  # type: ignore[call-overload]


class Server(Context):
    async def listen(self) -> None:
        async with self as server:
            assert_type(server.name, str)
            server.bind(PORT).to(80)
