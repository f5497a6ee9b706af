"""A typed key is its value's type; text is anything; a class, also an abstract one or a protocol, is itself."""

from abc import ABC, abstractmethod
from typing import Annotated, Any, Protocol, assert_type

from mainspring.context import BindingKey, Context, Getter, Next, config, inject
from mainspring.metadata import MetadataKey, get_class_metadata, get_metadata, get_method_metadata

PORT: BindingKey[int] = BindingKey("rest.port")
AUDIT: MetadataKey[dict[str, str]] = MetadataKey("audit")


class Clock(Protocol):
    def now(self) -> float: ...


class Store(ABC):
    @abstractmethod
    def keys(self) -> list[str]: ...


class Server:
    def __init__(
        self,
        clock: Clock,
        port: Annotated[int, inject(PORT)],
        name: str = inject("name"),
        other_port: int = inject(PORT),
        timeout: float = config("timeout", default=5.0),
    ) -> None: ...


async def values(ctx: Context) -> None:
    assert_type(ctx.get_sync(PORT), int)
    assert_type(await ctx.get(PORT), int)
    assert_type(ctx.get_sync("anything"), Any)
    assert_type(await ctx.get(Server), Server)
    assert_type(ctx.get_sync(Clock), Clock)
    assert_type(ctx.get_sync(Store), Store)
    assert_type(ctx[PORT], int)


async def late(getter: Getter[int], next: Next) -> None:
    assert_type(await getter(), int)
    await next()


def metadata() -> None:
    assert_type(get_metadata(AUDIT, Server), dict[str, str] | None)
    assert_type(get_class_metadata(AUDIT, Server), dict[str, str] | None)
    assert_type(get_method_metadata(AUDIT, Server, "x"), dict[str, str] | None)
    assert_type(get_class_metadata("audit", Server), Any)
