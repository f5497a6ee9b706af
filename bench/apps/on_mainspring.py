"""Mainspring with everything at its defaults: controllers, models, and objects made per request by the container."""

from parts import Clock, Config, Graph, Item, Order, Repository, RequestInfo, Service, Total, total_of

from mainspring import BindingScope, RequestContext, RestApplication, rest


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


app = RestApplication()
for cls in (Config, Clock):
    app.bind(cls).to_class(cls).in_scope(BindingScope.SINGLETON)
for cls in (Repository, Service, Graph):
    app.bind(cls).to_class(cls).in_scope(BindingScope.REQUEST)
app.bind(RequestInfo).to_class(InfoOfRequest).in_scope(BindingScope.REQUEST)
app.controller(Pages)
app.controller(Injected)
