"""A client that speaks ASGI without a server, so that a test sees exactly what was sent."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import pytest


class Answer:
    """A response as it came over ASGI messages."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.messages = messages
        start = next((message for message in messages if message["type"] == "http.response.start"), None)
        self.status: int = start["status"] if start is not None else 0
        self.lines: list[tuple[str, str]] = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in (start["headers"] if start is not None else ())
        ]
        self.headers: dict[str, str] = {}
        for name, value in self.lines:
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value
        self.pieces = [message["body"] for message in messages if message["type"] == "http.response.body"]
        self.body = b"".join(self.pieces)
        self.is_complete = bool(messages) and not messages[-1].get("more_body", False) and start is not None

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"<Answer {self.status} {self.body[:300]!r}>"


class Web:
    """Calls an ASGI application."""

    def __init__(self, app: Any, root_path: str = "") -> None:
        self.app = app
        self.root_path = root_path
        self.scope: dict[str, Any] = {}

    async def __call__(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | list[tuple[str, str]] = (),  # type: ignore[assignment]
        body: bytes | list[bytes] | None = None,
        json_body: Any = None,
        patience: float = 10.0,
        disconnect: asyncio.Event | None = None,
        **scope: Any,
    ) -> Answer:
        lines = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        if json_body is not None:
            body = json.dumps(json_body).encode()
            lines.append(("content-type", "application/json"))
        names = {name.lower() for name, _ in lines}
        if "host" not in names:
            lines.append(("host", "test"))
        if isinstance(body, bytes) and "content-length" not in names:
            lines.append(("content-length", str(len(body))))
        raw, _, query = path.partition("?")
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(raw),
            "raw_path": raw.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": self.root_path,
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in lines],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
            **scope,
        }
        pieces = body if isinstance(body, list) else [body or b""]
        incoming = [
            {"type": "http.request", "body": piece, "more_body": position < len(pieces)}
            for position, piece in enumerate(pieces, 1)
        ]
        messages: list[dict[str, Any]] = []
        done = asyncio.Event() if disconnect is None else disconnect
        self.unread = incoming

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop(0)
            await done.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            messages.append(dict(message))

        self.messages = messages
        await asyncio.wait_for(self.app(self.scope, receive, send), patience)
        return Answer(messages)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self("GET", path, **options)

    async def post(self, path: str, json_body: Any = None, **options: Any) -> Answer:
        return await self("POST", path, json_body=json_body, **options)


@pytest.fixture
def web() -> type[Web]:
    return Web
