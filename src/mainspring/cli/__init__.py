"""The command line: one file per command, imported when its command is called.

Exit statuses: 0 when all went well, 1 when the application could not be found, booted, started or stopped, 2 when
the command was used wrongly, 128 plus the signal's number when an application had to be cut off (see
``Application.run``).
"""

from collections.abc import Sequence
from importlib import import_module

import click

__all__ = ["main"]

# The help of the whole is made from this table alone: `mainspring --help` imports no room and no command.
COMMANDS = {
    "check": "Tell what would fail in an application: unbound injections, cycles, scopes, clashes.",
    "generate": "Write files of a project: controllers, models, repositories, and more.",
    "discover": "Write models from the tables of a database.",
    "inspect": "Show what an application consists of: contexts and bindings.",
    "migrate": "Write revisions of the databases' schemas, and carry them out.",
    "new": "Make a project.",
    "openapi": "Write the OpenAPI document of an application.",
    "routes": "List the operations of an application.",
    "run": "Boot an application and serve it until it is told to stop.",
    "serve": "Serve an application, by several processes if wanted.",
}


class Commands(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of the commands, in the order of the help."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"mainspring.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the table into the help."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main_group() -> None:
    """Mainspring: run and look into applications.

    An application is given as module:attribute (a class, an instance or a function that makes one) or as a folder.
    Without it: [tool.mainspring] app in pyproject.toml, else the one Application in app.py, application.py or
    main.py of the current folder.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point of ``mainspring`` and ``python -m mainspring.cli``; exits with the command's status."""
    main_group.main(args=arguments, prog_name="mainspring")
