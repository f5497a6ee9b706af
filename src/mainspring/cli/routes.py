"""``mainspring routes``: what an application answers to, without starting it."""

import asyncio
import json
from collections.abc import Iterator

import click

from mainspring.cli.errors import failing_in_words
from mainspring.cli.lookup import find_application
from mainspring.cli.options import application_argument, debug_option, json_option
from mainspring.cli.servers import rest_servers
from mainspring.core import Application
from mainspring.loader import ServerLoader
from mainspring.rest import RestBindings, RestServer
from mainspring.rest.settings import base_path_of

__all__ = ["command"]

COLUMNS = ("verb", "path", "handler")


@click.command("routes")
@application_argument
@json_option("One JSON array of objects: server, verb, path, handler, stages.")
@debug_option
def command(application: str | None, as_json: bool, debug: bool) -> None:
    """Boot APPLICATION without starting it and list its operations: verb, path and handler."""
    with failing_in_words(debug=debug):
        routes = asyncio.run(routes_of(find_application(application)))
        click.echo(json.dumps(routes, indent=2) if as_json else "\n".join(_table(routes)))


async def routes_of(app: Application) -> list[dict[str, str]]:
    """The operations of every REST server, in order of declaration; the application is booted and closed."""
    async with rest_servers(app) as servers:
        entries = [entry for name, server in servers for entry in _entries(name, server)]
        if isinstance(app, ServerLoader):
            for entry in entries:
                entry["stages"] = ", ".join(app.explain(entry["verb"], entry["path"]))
        return entries


def _entries(name: str, server: RestServer) -> Iterator[dict[str, str]]:
    base = base_path_of(server.get_sync(RestBindings.BASE_PATH))
    for binding in server.find("routes.*"):
        route = binding.get_value_sync(server)
        shown = {"verb": route.verb.upper(), "path": base + route.path, "handler": route.description}
        yield {"server": name, **shown}


def _table(routes: list[dict[str, str]]) -> Iterator[str]:
    """Aligned columns; the servers are named when there are several."""
    names = dict.fromkeys(route["server"] for route in routes)
    columns = (*COLUMNS, "server") if len(names) > 1 else COLUMNS
    if any(route.get("stages", route["handler"]) != route["handler"] for route in routes):
        columns = (*columns, "stages")
    widths = [max(len(route[column]) for route in routes) for column in columns] if routes else []
    for route in routes:
        cells = (route[column].ljust(width) for column, width in zip(columns, widths, strict=True))
        yield "  ".join(cells).rstrip()
    if not routes:
        yield "There are no operations. Register a controller with app.controller(...), or let boot find it."
