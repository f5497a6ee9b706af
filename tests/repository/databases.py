"""Databases that tests run against: SQLite everywhere, servers where there are some.

Each test has a schema (PostgreSQL) or a database (MySQL, MariaDB) of its own, gone afterwards.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from uuid import uuid4

import aiomysql
import asyncpg
import pytest
from sqlalchemy import make_url

#: Kind -> the variable with the URL of a database that tests may use, the URL without it, and what it is called.
SERVERS = {
    "postgresql": ("MAINSPRING_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test", "PostgreSQL"),
    "mysql": ("MAINSPRING_TEST_MYSQL", "mysql://root@127.0.0.1:3306/test", "MySQL or MariaDB"),
}
ALL = ("memory", "sqlite", *SERVERS)


def url_of(kind):
    variable, default, _ = SERVERS[kind]
    return make_url(os.environ.get(variable) or default)


@cache
def is_there(kind):
    url = url_of(kind)
    try:
        socket.create_connection((url.host, url.port), timeout=2).close()
    except OSError:
        return False
    return True


def need(kind):
    """Skip the test if there is no such server; a failure in CI."""
    if kind in SERVERS and not is_there(kind):
        variable, _, name = SERVERS[kind]
        pytest.skip(f"needs {name} at {url_of(kind)} (another place by {variable})")


@asynccontextmanager
async def database(kind, folder) -> AsyncIterator[dict]:
    """The configuration of an empty database."""
    need(kind)
    if kind == "memory":
        yield {"name": "db", "connector": "memory"}
    elif kind == "sqlite":
        yield {"name": "db", "connector": "sqlite", "database": str(folder / "test.db")}
    else:
        async with _MAKERS[kind](url_of(kind), f"mainspring_{uuid4().hex[:12]}") as config:
            yield {"name": "db", "connector": kind, **config}


@asynccontextmanager
async def _schema(url, name):
    async with admin("postgresql") as run:
        await run(f"CREATE SCHEMA {name}")
        try:
            settings = {"search_path": name, "application_name": name}
            yield {"url": url.render_as_string(hide_password=False), "connect_args": {"server_settings": settings}}
        finally:
            await run(f"SET client_min_messages = error; DROP SCHEMA {name} CASCADE")


@asynccontextmanager
async def _own_database(url, name):
    async with admin("mysql") as run:
        await run(f"CREATE DATABASE {name}")
        try:
            yield {"url": url.set(database=name).render_as_string(hide_password=False)}
        finally:
            await run(f"DROP DATABASE {name}")


_MAKERS = {"postgresql": _schema, "mysql": _own_database}


@asynccontextmanager
async def admin(kind):
    """``run(sql)`` over a connection of its own, beside what is tested; gives the rows."""
    url = url_of(kind)
    if kind == "postgresql":
        postgresql = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            yield _fetching(postgresql)
        finally:
            await postgresql.close()
        return
    mysql = await aiomysql.connect(
        host=url.host, port=url.port, user=url.username, password=url.password or "", db=url.database, autocommit=True
    )
    try:
        yield _querying(mysql)
    finally:
        mysql.close()


def _fetching(connection):
    async def run(sql):
        if ";" in sql:
            return await connection.execute(sql)
        return [tuple(row) for row in await connection.fetch(sql)]

    return run


def _querying(connection):
    async def run(sql):
        async with connection.cursor() as cursor:
            await cursor.execute(sql)
            return list(await cursor.fetchall())

    return run


@asynccontextmanager
async def proxy_to(kind):
    """A way to the server that can be cut; gives its port and what cuts it and opens it again."""
    url, streams = url_of(kind), set()

    async def pump(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # cut
        finally:
            writer.close()

    async def serve(reader, writer):
        if not is_open:
            writer.transport.abort()
            return
        to_server = await asyncio.open_connection(url.host, url.port)
        streams.update((writer, to_server[1]))
        await asyncio.gather(pump(reader, to_server[1]), pump(to_server[0], writer))

    is_open = True
    server = await asyncio.start_server(serve, "127.0.0.1", 0)

    def switch(on):
        nonlocal is_open
        is_open = on
        while streams and not on:
            streams.pop().transport.abort()

    try:
        yield server.sockets[0].getsockname()[1], switch
    finally:
        switch(False)
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)
