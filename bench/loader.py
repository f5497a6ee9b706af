"""What a route costs that is mounted by a server loader, against the same route in a REST application.

    .venv/bin/python bench/loader.py [--rounds 60] [--calls 500]

Both are started in one process and called as ASGI applications, without a server, in turn, the first of them by turns;
the figure is the least of the rounds of each, in microseconds of processor time, and their ratio. Beside the two, as
they are by default, there is the REST application a second time (what the measurement itself is off by), one with its
controllers as singletons, which those of a loader are by default, and a loader with global middleware (one function
that does nothing) beside a REST application with the same.

- hello: `GET /rest/hello`, a mapping as JSON.
- item: `GET /rest/items/42?q=abc&limit=5`, two of them numbers.
- order: `POST /rest/orders`, a model with five lines.
"""

import sys

sys.path.pop(0)  # this folder: its `http.py` would hide that of the standard library

import argparse
import asyncio
import gc
import json
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "apps"))

from parts import Item, Order, Total, total_of

from mainspring import BindingScope, RestApplication, injectable, rest
from mainspring.loader import ServerLoader, controller

ORDER = json.dumps(
    {
        "id": 7,
        "customer": {"name": "Ada", "email": "ada@example.org"},
        "lines": [{"sku": f"sku-{n}", "qty": n + 1, "price": 1.25 * (n + 1)} for n in range(5)],
        "note": "leave at door",
    }
).encode()
TARGETS = {
    "hello": ("GET", "/rest/hello", b"", b""),
    "item": ("GET", "/rest/items/42", b"q=abc&limit=5", b""),
    "order": ("POST", "/rest/orders", b"", ORDER),
}


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


@rest.api(base_path="/rest")
class PlainPages(Pages):
    pass


@injectable(scope=BindingScope.SINGLETON)
@rest.api(base_path="/rest")
class KeptPages(Pages):
    pass


@controller("/")
class MountedPages(Pages):
    pass


async def passing(_: Any, next: Any) -> Any:
    return await next()


def rest_application(pages: type[Any] = PlainPages, *, with_middleware: bool = False) -> RestApplication:
    app = RestApplication()
    app.controller(pages)
    if with_middleware:
        app.middleware(passing)
    return app


def loader(*, with_middleware: bool = False) -> ServerLoader:
    server = ServerLoader({"mount": {"/rest": MountedPages}, "scan": []})
    return server.use(passing) if with_middleware else server


async def begun(app: Any) -> None:
    """Start an application as a server would; it is not stopped, since the process ends."""
    ready = asyncio.Event()
    messages: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    messages.put_nowait({"type": "lifespan.startup"})

    async def send(message: Any) -> None:
        assert message["type"] == "lifespan.startup.complete", message
        ready.set()

    RUNNING.append(asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, messages.get, send)))
    await ready.wait()


#: The lifespans of the applications, which last as long as the process.
RUNNING: list[Any] = []


async def calls(app: Any, target: str, count: int) -> float:
    """Microseconds of the processor for a call."""
    method, path, query, body = TARGETS[target]
    headers = [(b"host", b"127.0.0.1"), (b"accept", b"*/*")]
    if body:
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    statuses = set()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.add(message["status"])

    began = time.process_time()
    for _ in range(count):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query,
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        await app(scope, receive, send)
    took = time.process_time() - began
    assert statuses == {200}, statuses
    return took / count * 1e6


async def main(rounds: int, count: int) -> None:
    apps: dict[str, Any] = {
        "rest": rest_application(),
        "rest again": rest_application(),
        "rest, singleton": rest_application(KeptPages),
        "loader": loader(),
        "rest, middleware": rest_application(with_middleware=True),
        "loader, middleware": loader(with_middleware=True),
    }
    bases = {"loader, middleware": "rest, middleware", "rest, middleware": "rest, middleware"}
    for app in apps.values():
        await begun(app)
    gc.collect()
    gc.freeze()
    for target in TARGETS:
        least = dict.fromkeys(apps, float("inf"))
        for app in apps.values():
            await calls(app, target, 200)
        for number in range(rounds):
            names = list(apps) if number % 2 else list(apps)[::-1]
            for name in names:
                least[name] = min(least[name], await calls(apps[name], target, count))
        print(target)
        for name, micros in least.items():
            print(f"  {name:20} {micros:7.2f} us   {micros / least[bases.get(name, 'rest')]:.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A route of a server loader against one of a REST application.")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--calls", type=int, default=500)
    options = parser.parse_args()
    asyncio.run(main(options.rounds, options.calls))
