"""Decorators give back what they were given: class, signature and all."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from typing import Any, assert_type

from mainspring.context import (
    BindingKey,
    BindingScope,
    Context,
    InvocationContext,
    Next,
    Provider,
    create_binding_from_class,
    global_interceptor,
    inject,
    injectable,
    intercept,
    invoke_method,
    register_interceptor,
)

LOG: BindingKey[Any] = BindingKey("interceptors.log")


async def log(invocation: InvocationContext, next: Next) -> Any:
    assert_type(invocation.args, list[Any])
    assert_type(invocation.kwargs, dict[str, Any])
    return await next()


def plain(invocation: InvocationContext, next: Next) -> Any:
    return next()


@injectable(scope=BindingScope.SINGLETON, tags=["a", {"b": 1}], provides=[object])
@intercept(log, LOG, "interceptors.text")
class Service:
    def __init__(self, name: str = inject("name")) -> None:
        self.name = name

    @intercept(log)
    async def find(self, limit: int, *, offset: int = 0) -> list[str]:
        return [self.name] * (limit + offset)

    @intercept(plain)
    @staticmethod
    def parse(text: str) -> int:
        return int(text)

    @classmethod
    @intercept(plain)
    def make(cls, name: str) -> "Service":
        return cls(name)


@global_interceptor(group="audit")
class AuditProvider(Provider[Any]):
    def value(self) -> Any:
        return log


async def decorated(ctx: Context) -> None:
    service = Service("n")
    assert_type(service, Service)
    assert_type(await service.find(1, offset=2), list[str])
    assert_type(Service.parse("1"), int)
    assert_type(Service.make("n"), Service)
    assert_type(AuditProvider(), AuditProvider)
    await service.find("1")  # type: ignore[arg-type]
    Service.parse(1)  # type: ignore[arg-type]
    Service(1)  # type: ignore[arg-type]
    ctx.add(create_binding_from_class(Service, key="services.mine"))
    register_interceptor(ctx, log, group="audit")
    register_interceptor(ctx, AuditProvider)
    assert_type(await invoke_method(service, "find", ctx, [1]), Any)
