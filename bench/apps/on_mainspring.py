"""Mainspring with everything at its defaults: controllers, models, and objects made per request by the container."""

from typing import Annotated, Any

from parts import Clock, Config, Graph, Item, Order, Repository, RequestInfo, Service, Total, total_of

from mainspring import BindingScope, RequestContext, RestApplication, inject, rest


class Pages:
    @rest.get("/hello")
    async def hello(self) -> dict[str, str]:
        return {"hello": "world"}

    @rest.get("/items/{id}")
    async def item(self, id: int, q: str, limit: int = 10) -> Item:
        return Item(id, q, limit)

    @rest.post("/orders")
    async def order(self, order: Order) -> Total:
        return Total(order.id, total_of(order), len(order.lines))


class InfoOfRequest(RequestInfo):
    def __init__(self, context: RequestContext) -> None:
        super().__init__(context.request.path)


class Injected:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @rest.get("/di")
    async def di(self) -> dict[str, str | int]:
        return self.graph.handle()


def repository(config: Config) -> Any:
    return Repository(config)


def service(repository: Annotated[Repository, inject("given.repository")], clock: Clock) -> Any:
    return Service(repository, clock)


def info(context: RequestContext) -> Any:
    return RequestInfo(context.request.path)


def graph(
    service: Annotated[Service, inject("given.service")], info: Annotated[RequestInfo, inject("given.info")]
) -> Any:
    return Graph(service, info)


class Given:
    @rest.get("/given")
    async def given(self, graph: Annotated[Graph, inject("given.graph")]) -> dict[str, str | int]:
        return graph.handle()


app = RestApplication()
for factory in (repository, service, info, graph):
    app.bind(f"given.{factory.__name__}").to_dynamic_value(factory).in_scope(BindingScope.REQUEST)
for cls in (Config, Clock):
    app.bind(cls).to_class(cls).in_scope(BindingScope.SINGLETON)
for cls in (Repository, Service, Graph):
    app.bind(cls).to_class(cls).in_scope(BindingScope.REQUEST)
app.bind(RequestInfo).to_class(InfoOfRequest).in_scope(BindingScope.REQUEST)
app.controller(Pages)
app.controller(Injected)
app.controller(Given)
