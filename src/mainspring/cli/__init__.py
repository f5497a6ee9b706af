"""The command line: one file per command, imported when its command is called.

Exit statuses: 0 when all went well, 1 when the application could not be found, booted, started or stopped, or a command
found something, 2 when the command was used wrongly, 130 when it was interrupted, 128 plus the signal's number when an
application had to be cut off (see ``Application.run``).
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

__all__ = ["main"]

# The help of the whole is made from this table alone: `mainspring --help` imports no room and no command.
COMMANDS = {
    "check": "Tell what would fail in an application: unbound injections, cycles, scopes, clashes.",
    "completion": "Write the script by which a shell completes commands and options.",
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

EXIT_STATUSES = """\b
Exit status:
  0      all went well
  1      it did not: the error says why; or check found something
  2      the command was used wrongly
  130    it was interrupted
  128+n  an application was cut off that did not stop after signal n
"""

_INTERRUPTED = 130
_PROGRAM = "mainspring"


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; of one that is not there, what was probably meant."""
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches  # noqa: PLC0415 - only a typing error needs it

            near = get_close_matches(args[0], COMMANDS, 1)
            ctx.fail(f"There is no command {args[0]!r}.{f' Did you mean {near[0]!r}?' if near else ''}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """What may be typed next, without importing the commands."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a completion needs it

        names = [name for name in sorted(COMMANDS) if name.startswith(incomplete)]
        items = [CompletionItem(name, help=COMMANDS[name]) for name in names]
        return items + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the table into the help."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


def _normalized(name: str) -> str:
    """Options and kinds may be typed as Python spells them: ``has_many``, ``--dry_run``."""
    return name.replace("_", "-")


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": _normalized},
    epilog=EXIT_STATUSES,
)
@click.version_option(package_name=_PROGRAM, prog_name=_PROGRAM, message="%(prog)s %(version)s")
def main_group() -> None:
    """Mainspring: run and look into applications.

    An application is given as module:attribute (a class, an instance or a function that makes one) or as a folder.
    Without it: [tool.mainspring] app in pyproject.toml, else the one Application in app.py, application.py or
    main.py of the current folder.

    Errors are one line on the standard error stream; --debug shows their traceback.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point of ``mainspring`` and ``python -m mainspring.cli``; exits with the command's status."""
    try:
        status = main_group.main(args=arguments, prog_name=_PROGRAM, standalone_mode=False)
    except click.ClickException as error:
        _say(error)
        status = error.exit_code
    except click.Abort as error:
        is_interrupted = isinstance(error.__cause__ or error.__context__, KeyboardInterrupt)
        click.echo("Interrupted." if is_interrupted else "Aborted.", err=True)
        status = _INTERRUPTED if is_interrupted else 1
    sys.exit(status if isinstance(status, int) else 0)


def _say(error: click.ClickException) -> None:
    """One line; of a wrong use with the way to the right one."""
    if not isinstance(error, click.UsageError) or type(error).__name__ == "NoArgsIsHelpError":  # this one is the help
        error.show()
        return
    words = " ".join(error.format_message().split())
    command = error.ctx.command_path if error.ctx is not None else _PROGRAM
    click.echo(f"Error: {words}{'' if words[-1:] in '.?!' else '.'} See {command} --help.", err=True)
