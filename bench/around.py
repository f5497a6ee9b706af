"""What is put around operations costs a request: middleware, interceptors, CORS, limits.

    .venv/bin/python bench/around.py [--rounds 30] [--calls 500]

Each application answers `GET /hello` with a mapping as JSON and has one thing more, which does nothing. They are called
as ASGI applications in one process, without a server, in turn; the figure is the least of the rounds of each, in
microseconds of processor time, and what it is more than the application with nothing around. Where Starlette is
installed, its applications with the nearest of its own are measured in the same rounds.
"""

import sys

sys.path.pop(0)  # this folder: its `http.py` would hide that of the standard library

import argparse
import asyncio
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from mainspring import RestApplication, injectable, intercept, rest

HEADERS = [(b"host", b"127.0.0.1"), (b"user-agent", b"bench"), (b"accept", b"*/*"), (b"origin", b"http://a.example")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--calls", type=int, default=500)
    options = parser.parse_args()
    asyncio.run(compare({**ours(), **starlettes()}, options.rounds, options.calls))


# Applications


class Hello:
    @rest.get("/hello")
    async def hello(self) -> dict[str, str]:
        return {"hello": "world"}


async def passing(_: Any, next: Callable[[], Any]) -> Any:
    return await next()


class Intercepted:
    @intercept(passing)
    @rest.get("/hello")
    async def hello(self) -> dict[str, str]:
        return {"hello": "world"}


@injectable()
class Provided:
    """A provider of an interceptor or a middleware."""

    def value(self) -> Any:
        return passing


def ours() -> dict[str, Any]:
    """Applications of Mainspring by what is around their operation."""
    found = {
        "nothing": app_of(),
        "an interceptor of the method": app_of(Intercepted),
        "a global interceptor": app_of(),
        "a global interceptor, provided": app_of(),
        "middleware": app_of(),
        "middleware, provided": app_of(),
        "CORS": app_of(cors=True),
        "hosts": app_of(allowed_hosts=["127.0.0.1"]),
        "a time limit": app_of(request_timeout=10),
        "compression": app_of(compression=True),
    }
    found["a global interceptor"].interceptor(passing, global_=True)
    found["a global interceptor, provided"].interceptor(Provided, global_=True)
    found["middleware"].middleware(passing)
    found["middleware, provided"].middleware(Provided)
    return found


def app_of(controller: type[Any] = Hello, **settings: Any) -> RestApplication:
    app = RestApplication({"rest": settings})
    app.controller(controller)
    return app


class PureMiddleware:
    """Starlette's cheapest kind of middleware."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def starlettes() -> dict[str, Any]:
    """Those of Starlette; none where it is not installed."""
    if find_spec("starlette") is None:
        return {}
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.middleware.cors import CORSMiddleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def hello(_: Any) -> JSONResponse:
        return JSONResponse({"hello": "world"})

    async def dispatch(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    around = {
        "nothing": [],
        "middleware (ASGI)": [Middleware(PureMiddleware)],
        "middleware (request)": [Middleware(BaseHTTPMiddleware, dispatch=dispatch)],
        "CORS": [Middleware(CORSMiddleware, allow_origins=["*"])],
        "hosts": [Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1"])],
    }
    return {
        f"Starlette: {name}": Starlette(routes=[Route("/hello", hello)], middleware=each)
        for name, each in around.items()
    }


# Measuring


async def compare(apps: dict[str, Any], rounds: int, calls: int) -> None:
    """One line for each."""
    times: dict[str, list[float]] = {name: [] for name in apps}
    for app in apps.values():
        await timed(app, 50)  # operations are shorter after their first requests
    for _ in range(rounds):
        for name, app in apps.items():
            times[name].append(await timed(app, calls))
    least = {name: min(each) for name, each in times.items()}
    for name, micros in least.items():
        base = least["Starlette: nothing" if name.startswith("Starlette") else "nothing"]
        print(f"{name:34} {micros:6.1f} us  +{micros - base:.1f}", flush=True)


async def timed(app: Any, calls: int) -> float:
    """Microseconds of processor time for a request."""
    scopes = [scope() for _ in range(calls)]
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    begin = time.process_time()
    for each in scopes:
        await app(each, receive, send)
    micros = (time.process_time() - begin) / calls * 1e6
    if set(statuses) != {200} or len(statuses) != calls:
        sys.exit(f"Answered {len(statuses)} of {calls} requests, with {sorted(set(statuses))}.")
    return micros


def scope() -> dict[str, Any]:
    """What a server hands an application."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/hello",
        "raw_path": b"/hello",
        "query_string": b"",
        "root_path": "",
        "headers": list(HEADERS),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
        "extensions": {},
    }


if __name__ == "__main__":
    main()
