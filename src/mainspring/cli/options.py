"""What several commands take: the application, the form of what they print, and the traceback of errors."""

import os
from collections.abc import Callable
from typing import Any

import click

__all__ = ["application_argument", "debug_option", "dry_run_option", "json_option", "overwrite_option"]

Decorator = Callable[[Any], Any]


def _complete_application(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:  # noqa: ARG001 - click's signature
    """Folders; and the application of this one as its ``pyproject.toml`` says it."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a completion needs it

    found = [] if os.sep in incomplete else [CompletionItem(name) for name in _said() if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="dir")]


def _said() -> list[str]:
    import tomllib  # noqa: PLC0415 - as above

    try:
        with open("pyproject.toml", "rb") as file:
            app = tomllib.load(file)["tool"]["mainspring"]["app"]
    except (OSError, ValueError, KeyError, TypeError):  # there is none: nothing is completed
        return []
    return [app] if isinstance(app, str) else []


application_argument: Decorator = click.argument("application", required=False, shell_complete=_complete_application)
debug_option: Decorator = click.option("--debug", is_flag=True, help="Show the traceback of what goes wrong.")
overwrite_option: Decorator = click.option(
    "--overwrite", is_flag=True, help="Write files anew that are there, without asking."
)


def dry_run_option(what: str) -> Decorator:
    """``--dry-run``, which shows something instead of doing it."""
    return click.option("--dry-run", is_flag=True, help=f"Write nothing; {what}.")


def json_option(what: str) -> Decorator:
    """``--json``, for programs.

    Args:
        what: What is printed: one JSON value and what it holds.
    """
    return click.option("--json", "as_json", is_flag=True, help=what)
