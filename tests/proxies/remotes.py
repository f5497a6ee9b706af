"""A server that says what a test tells it to, byte by byte, and keeps what it was asked."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def reply(status: int = 200, body: Any = None, headers: Mapping[str, str] | None = None) -> bytes:
    """An answer; bodies that are no bytes are sent as JSON."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = {"content-length": str(len(content)), **({} if body is None else {"content-type": "application/json"})}
    lines |= headers or {}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + content


Script = bytes | Callable[[Asked, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes | None]]


@dataclass
class Remote:
    """The server; ``script`` is used up one answer at a time, its last one stays. ``None`` from a function: cut."""

    script: list[Script] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    gone: int = 0
    url: str = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (asked := await _request(reader)) is not None:
                self.asked.append(asked)
                step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                answer = step if isinstance(step, bytes) else await step(asked, reader, writer)
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.gone += 1
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    return Asked(method, target, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def operation(template: Mapping[str, Any], **functions: list[str]) -> dict[str, Any]:
    return {"template": {"method": "GET", **template}, "functions": functions}
