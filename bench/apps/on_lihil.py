"""lihil with its container, ididi."""

from lihil import Ignore, Lihil, Request, Route
from parts import Clock, Config, Graph, Item, Order, Repository, RequestInfo, Service, Total, total_of

hello_route, item_route, order_route, di_route = Route("hello"), Route("items/{id}"), Route("orders"), Route("di")


@hello_route.get
async def hello() -> dict[str, str]:
    return {"hello": "world"}


@item_route.get
async def item(id: int, q: str, limit: int = 10) -> Item:
    return Item(id, q, limit)


@order_route.post
async def order(given: Order) -> Total:
    return Total(given.id, total_of(given), len(given.lines))


def request_info(request: Ignore[Request]) -> RequestInfo:
    return RequestInfo(request.url.path)


for each in (Config, Clock):
    di_route._graph.node(each, reuse=True)
for each in (Repository, Service, Graph, request_info):
    di_route._graph.node(each, reuse=False)


@di_route.get
async def di(graph: Graph) -> dict[str, str | int]:
    return graph.handle()


app = Lihil(hello_route, item_route, order_route, di_route)
