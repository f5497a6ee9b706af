"""``mainspring serve``: an application in service, by one process or by several."""

from functools import partial

import click

from mainspring.cli.errors import describe, failing_in_words
from mainspring.cli.lookup import find_application
from mainspring.cli.options import application_argument, debug_option
from mainspring.cli.run import SERVERS, address

__all__ = ["command"]


@click.command("serve")
@application_argument
@click.option("--host", help="The address to listen on; wins over HOST, which wins over the configuration.")
@click.option("--port", help="The port, 0 for any free one; wins over PORT, which wins over the configuration.")
@click.option(
    "--workers", type=click.IntRange(1), help="Serve by this many processes, which SIGHUP replaces one by one."
)
@click.option("--server", type=click.Choice(SERVERS), help="What listens: our own listener, or an ASGI server.")
@debug_option
def command(
    application: str | None, host: str | None, port: str | None, workers: int | None, server: str | None, debug: bool
) -> None:
    """Boot APPLICATION and serve it until SIGINT or SIGTERM.

    With --workers several processes answer on the same port: SIGHUP replaces one after another without losing a
    request, a worker that dies is replaced, SIGTTIN and SIGTTOU make one more or one less. Unix only.
    """
    with failing_in_words(debug=debug), address(host, port, server):
        if workers is None:
            find_application(application).run()
            return
        from mainspring.rest.workers import serve_by_workers  # noqa: PLC0415 - one process needs no manager

        status = serve_by_workers(partial(find_application, application), workers, describe)
    if status:
        raise click.exceptions.Exit(status)
