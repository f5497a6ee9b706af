"""Litestar with its own dependencies."""

from litestar import Litestar, Request, get, post
from litestar.di import Provide
from parts import Clock, Config, Graph, Item, Order, Repository, RequestInfo, Service, Total, total_of


@get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


@get("/items/{id:int}")
async def item(id: int, q: str, limit: int = 10) -> Item:
    return Item(id, q, limit)


@post("/orders")
async def order(data: Order) -> Total:
    return Total(data.id, total_of(data), len(data.lines))


def repository_of(config: Config) -> Repository:
    return Repository(config)


def service_of(repository: Repository, clock: Clock) -> Service:
    return Service(repository, clock)


def info_of(request: Request) -> RequestInfo:
    return RequestInfo(request.scope["path"])


def graph_of(service: Service, info: RequestInfo) -> Graph:
    return Graph(service, info)


@get(
    "/di",
    dependencies={
        "config": Provide(Config, sync_to_thread=False, use_cache=True),
        "clock": Provide(Clock, sync_to_thread=False, use_cache=True),
        "repository": Provide(repository_of, sync_to_thread=False),
        "service": Provide(service_of, sync_to_thread=False),
        "info": Provide(info_of, sync_to_thread=False),
        "graph": Provide(graph_of, sync_to_thread=False),
    },
)
async def di(graph: Graph) -> dict[str, str | int]:
    return graph.handle()


app = Litestar([hello, item, order, di], openapi_config=None)
