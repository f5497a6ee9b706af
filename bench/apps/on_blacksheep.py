"""BlackSheep with its container, rodi."""

from blacksheep import Application, Request, json
from blacksheep.server.bindings import FromJSON
from blacksheep.server.di import register_http_context
from parts import Clock, Config, Graph, Repository, RequestInfo, Service, total_of
from pydantic_models import Order

app = Application()


@app.router.get("/hello")
async def hello():
    return json({"hello": "world"})


@app.router.get("/items/:id")
async def item(id: int, q: str, limit: int = 10):
    return json({"id": id, "q": q, "limit": limit})


@app.router.post("/orders")
async def order(data: FromJSON[Order]):
    found = data.value
    return json({"id": found.id, "total": total_of(found), "count": len(found.lines)})


services = app.services
for cls in (Config, Clock):
    services.add_singleton(cls)
for cls in (Repository, Service, Graph):
    services.add_scoped(cls)


def request_info(context) -> RequestInfo:
    return RequestInfo(context.scoped_services[Request].path)


services.add_scoped_by_factory(request_info)
register_http_context(app)


@app.router.get("/di")
async def di(graph: Graph):
    return json(graph.handle())
