"""``mainspring openapi``: the document of an application that is booted and not started."""

import asyncio

import click

from mainspring.cli.errors import ApplicationLookupError, UsageFailure, failing_in_words
from mainspring.cli.lookup import find_application
from mainspring.cli.options import application_argument, debug_option
from mainspring.cli.servers import rest_servers
from mainspring.core import Application
from mainspring.rest import RestServer

__all__ = ["command"]


@click.command("openapi")
@application_argument
@click.option("-o", "--output", default="-", help="A file, YAML by .yaml or .yml, JSON otherwise; standard output.")
@click.option("--server", help="Which REST server, by the last part of its key, where there are several.")
@debug_option
def command(application: str | None, output: str, server: str | None, debug: bool) -> None:
    """Boot APPLICATION without starting it and write its OpenAPI document."""
    with failing_in_words(debug=debug):
        asyncio.run(export(find_application(application), application, output, server))


async def export(app: Application, said: str | None, output: str, server: str | None) -> None:
    """Write the document of one REST server.

    Raises:
        ApplicationLookupError: The application has no REST server.
        UsageFailure: It has several and none is chosen, or none of that name.
    """
    async with rest_servers(app) as servers:
        named = {key.rpartition(".")[2]: each for key, each in servers}
        await _chosen(named, said, server).export_openapi_spec(output)


def _chosen(named: dict[str, RestServer], said: str | None, server: str | None) -> RestServer:
    if not named:
        raise ApplicationLookupError(said or ".", "it has no REST server", "Only those have an OpenAPI document.")
    if server is None and len(named) == 1:
        return next(iter(named.values()))
    if server in named:
        return named[server]
    problem = "there are several REST servers" if server is None else f"no REST server is called {server!r}"
    raise UsageFailure(f"{problem[:1].upper()}{problem[1:]}: choose by --server {' or '.join(named)}.")
