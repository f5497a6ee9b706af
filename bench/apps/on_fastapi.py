"""FastAPI; its providers are async, since it sends plain ones to a thread."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request
from parts import Clock, Config, Graph, Repository, RequestInfo, Service, total_of
from pydantic_models import Item, Order, Total

app = FastAPI()
CONFIG, CLOCK = Config(), Clock()


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


@app.get("/items/{id}")
async def item(id: int, q: str, limit: int = 10) -> Item:
    return Item(id=id, q=q, limit=limit)


@app.post("/orders")
async def order(given: Order) -> Total:
    return Total(id=given.id, total=total_of(given), count=len(given.lines))


async def config() -> Config:
    return CONFIG


async def clock() -> Clock:
    return CLOCK


async def repository(config: Annotated[Config, Depends(config)]) -> Repository:
    return Repository(config)


async def service(
    repository: Annotated[Repository, Depends(repository)], clock: Annotated[Clock, Depends(clock)]
) -> Service:
    return Service(repository, clock)


async def info(request: Request) -> RequestInfo:
    return RequestInfo(request.url.path)


async def graph(service: Annotated[Service, Depends(service)], info: Annotated[RequestInfo, Depends(info)]) -> Graph:
    return Graph(service, info)


@app.get("/di")
async def di(found: Annotated[Graph, Depends(graph)]) -> dict[str, str | int]:
    return found.handle()
