"""Several places of one server: all open or none, one life, the first one speaks for the server."""

import asyncio
import socket

import pytest

from mainspring.rest import RestApplication
from mainspring.rest.places import Place


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def application(*places: Place) -> RestApplication:
    app = RestApplication()
    app.route("get", "/x", None, lambda: "x")
    app.rest_server.serving.places = lambda: list(places)
    return app


async def test_a_server_answers_at_all_its_places_until_it_stops() -> None:
    app = application(Place("http", "127.0.0.1"), Place("http", "localhost"))
    async with app:
        one, two = app.rest_server.serving.open
        assert one.port != two.port
        assert (app.rest_server.port, app.rest_server.url) == (one.port, one.url)
        assert [len(place.sockets) for place in (one, two)] == [1, 1]
        for place in (one, two):
            assert (await ask(place.port)).endswith(b"x")
    assert (one.listening, two.listening, two.sockets, app.rest_server.url) == (False, False, [], None)
    for place in (one, two):
        with pytest.raises(ConnectionRefusedError):
            await ask(place.port)


async def test_a_place_that_cannot_be_had_closes_those_that_were_open() -> None:
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        app = application(Place("http", "127.0.0.1", port), Place("http", "127.0.0.1", taken.getsockname()[1]))
        with pytest.raises(OSError, match="in use"):
            await app.start()
        with pytest.raises(ConnectionRefusedError):
            await ask(port)


async def test_a_server_without_a_place_runs_and_has_no_url() -> None:
    async with application() as app:
        assert (app.rest_server.listening, app.rest_server.url, app.state) == (False, None, "started")
