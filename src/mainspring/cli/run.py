"""``mainspring run``: the whole life of a process that serves an application."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mainspring.cli.errors import UsageFailure, failing_in_words
from mainspring.cli.lookup import find_application
from mainspring.cli.options import application_argument, debug_option

__all__ = ["SERVERS", "address", "command"]

HIGHEST_PORT = 65535
SERVERS = ("mainspring", "uvicorn", "hypercorn", "granian")


@click.command("run")
@application_argument
@click.option("--host", help="The address to listen on; wins over HOST, which wins over the configuration.")
@click.option("--port", help="The port, 0 for any free one; wins over PORT, which wins over the configuration.")
@click.option("--server", type=click.Choice(SERVERS), help="What listens: our own listener, or an ASGI server.")
@click.option("--reload", is_flag=True, help="Start it anew when a file changes below its folder.")
@debug_option
def command(
    application: str | None, host: str | None, port: str | None, server: str | None, reload: bool, debug: bool
) -> None:
    """Boot APPLICATION and serve it until SIGINT or SIGTERM.

    It stops gracefully: requests in flight are answered within the configured grace period.
    """
    with failing_in_words(debug=debug), address(host, port, server):
        if not reload:
            find_application(application).run()
            return
        from mainspring.cli.reloading import run_reloading  # noqa: PLC0415 - what only this option needs

        folder = Path(application) if application is not None and os.path.isdir(application) else Path()
        given = ([application] if application is not None else []) + (["--debug"] if debug else [])
        status = run_reloading(given, folder.resolve())
    if status:
        raise click.exceptions.Exit(status)


#: ``http_port`` of a loader, which has host and port in one and wins over ``rest``.
_OF_LOADERS = "MAINSPRING_HTTP_PORT"


@contextmanager
def address(host: str | None, port: str | None, server: str | None = None) -> Iterator[None]:
    """Say to ``config["rest"]``, through its environment variables, where to listen, and by what.

    HOST and PORT are what platforms set for whatever they run; a variable that names Mainspring's own setting was
    meant more exactly and wins over them. An option wins over both.
    """
    wanted = {"MAINSPRING_REST_HOST": host, "MAINSPRING_REST_PORT": _checked(port, "--port")}
    wanted["MAINSPRING_REST_SERVER"] = server
    wanted[_OF_LOADERS] = _address_of_loaders(host, wanted["MAINSPRING_REST_PORT"])
    for name, common in (("MAINSPRING_REST_HOST", "HOST"), ("MAINSPRING_REST_PORT", "PORT")):
        if wanted[name] is None and name not in os.environ:
            value = os.environ.get(common) or None
            wanted[name] = _checked(value, common) if common == "PORT" else value
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update({name: value for name, value in wanted.items() if value is not None})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _address_of_loaders(host: str | None, port: str | None) -> str | None:
    """What the variable of a loader's ``http_port`` is to say beside options; ``None`` to leave it as it is."""
    given = os.environ.get(_OF_LOADERS, "").strip()
    if (host is None and port is None) or not given or given.lower() == "false":
        return None
    old_host, _, old_port = given.rpartition(":")
    host, port = host or old_host, port or old_port
    return f"{host}:{port}" if host else port


def _checked(port: str | None, source: str) -> str | None:
    if port is None:
        return None
    text = port.strip()
    if not (text.isascii() and text.isdigit() and int(text) <= HIGHEST_PORT):
        raise UsageFailure(f"{source} is {port!r}: give a whole number from 0 (any free port) to {HIGHEST_PORT}.")
    return text
