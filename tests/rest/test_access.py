"""The log of requests, and what proxies say before them, over sockets."""

import asyncio
import contextlib
import logging
import ssl

import pytest

from mainspring.rest import Request, RestApplication, RestBindings
from mainspring.rest.errors import SettingError


async def hello(request: Request) -> dict[str, str | None]:
    return {"client": request.client[0] if request.client else None}


async def ask(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        return await reader.read()
    finally:
        writer.close()


REQUEST = b"GET /hello?a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("is_on", [True, False])
async def test_each_request_is_a_line_where_that_is_wanted(caplog: pytest.LogCaptureFixture, is_on: bool) -> None:
    app = RestApplication({"rest": {"port": 0, "access_log": is_on}})
    app.route("get", "/hello", None, hello)
    caplog.set_level(logging.INFO, "mainspring.rest.access")
    async with app:
        await ask(app.rest_server.port, REQUEST)
        await ask(app.rest_server.port, REQUEST.replace(b"hello", b"nowhere"))
    lines = [record.getMessage() for record in caplog.records if record.name == "mainspring.rest.access"]
    assert [line.rsplit(" ", 2)[0] for line in lines] == (
        ['127.0.0.1 "GET /hello?a=b HTTP/1.1" 200', '127.0.0.1 "GET /nowhere?a=b HTTP/1.1" 404'] if is_on else []
    )


async def test_the_client_a_proxy_speaks_for_is_the_client() -> None:
    """HTTP-013"""
    app = RestApplication({"rest": {"port": 0, "proxy_protocol": True}})
    app.route("get", "/hello", None, hello)
    async with app:
        port = app.rest_server.port
        answer = await ask(port, b"PROXY TCP4 192.0.2.1 198.51.100.2 5000 80\r\n" + REQUEST)
        assert answer.endswith(b'{"client":"192.0.2.1"}')
        with contextlib.suppress(ConnectionResetError):  # as good as the end
            assert await ask(port, REQUEST) == b"", "who is no proxy gets nothing"
        assert app.rest_server.get_sync(RestBindings.PROXY_PROTOCOL) is True


async def test_a_proxy_cannot_speak_before_tls() -> None:
    options = {"port": 0, "proxy_protocol": True, "protocol": "https", "ssl": ssl.create_default_context()}
    with pytest.raises(SettingError, match="let the proxy end TLS"):
        await RestApplication({"rest": options}).start()
