"""Starlette has no container: state and construction by hand."""

from parts import Clock, Config, Graph, Repository, RequestInfo, Service, total_of
from pydantic import ValidationError
from pydantic_models import Order
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def hello(_):
    return JSONResponse({"hello": "world"})


async def item(request):
    query = request.query_params
    try:
        q, limit = query["q"], int(query.get("limit", 10))
    except (KeyError, ValueError):
        return JSONResponse({"error": "bad parameter"}, status_code=422)
    return JSONResponse({"id": request.path_params["id"], "q": q, "limit": limit})


async def order(request):
    try:
        found = Order.model_validate_json(await request.body())
    except ValidationError as error:
        return JSONResponse({"error": error.errors(include_url=False)}, status_code=422)
    return JSONResponse({"id": found.id, "total": total_of(found), "count": len(found.lines)})


async def di(request):
    state = request.app.state
    graph = Graph(Service(Repository(state.config), state.clock), RequestInfo(request.url.path))
    return JSONResponse(graph.handle())


app = Starlette(
    routes=[
        Route("/hello", hello),
        Route("/items/{id:int}", item),
        Route("/orders", order, methods=["POST"]),
        Route("/di", di),
    ]
)
app.state.config, app.state.clock = Config(), Clock()
