"""What the command line says of an error: one line, the place, the way out."""

import os
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mainspring.errors import MainspringError

__all__ = ["ApplicationLookupError", "Failure", "UsageFailure", "describe", "failing_in_words", "place_of"]


class ApplicationLookupError(MainspringError):
    """The application to work on was not found.

    Remedy:
        Name it, as ``module:attribute`` or a folder, or set ``[tool.mainspring] app`` in ``pyproject.toml``.

    Attributes:
        target: What was asked for, as it was given.
        problem: What is wrong with it.
        way_out: What to do.
    """

    def __init__(self, target: str, problem: str, way_out: str) -> None:
        super().__init__(target, problem, way_out)
        self.target, self.problem, self.way_out = target, problem, way_out

    def __str__(self) -> str:
        return f"Cannot find the application {self.target!r}: {self.problem}. {self.way_out}"


class Failure(click.ClickException):
    """What click shows as ``Error: …`` before it ends with status 1."""


class UsageFailure(Failure):
    """A `Failure` of whoever typed the command: status 2."""

    exit_code = 2


@contextmanager
def failing_in_words(*, debug: bool) -> Iterator[None]:
    """Turn what the body raises into a `Failure`; with ``debug`` it passes as it is, with its traceback."""
    try:
        yield
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except ApplicationLookupError as error:
        raise Failure(str(error)) from error
    except Exception as error:
        if debug:
            raise
        raise Failure(f"{describe(error)} (--debug shows the traceback)") from error


def describe(error: BaseException) -> str:
    """One line for one error. An error of the user's own code shows the user's file and line."""
    if isinstance(error, BaseExceptionGroup):
        return f"{error.message}: " + "; ".join(describe(each) for each in error.exceptions)
    text = " ".join(_words(error).split())
    place = place_of(error)
    if isinstance(error, MainspringError | OSError):
        # These speak for themselves; the place is worth saying where the words leave it out.
        return text if not place or place in text or not _is_raised_by_user(error) else f"{text} ({place})"
    named = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{named} ({place})" if place else named


def _words(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return error.msg  # the place is said once, behind it
    if isinstance(error, OSError) and error.strerror and not isinstance(error, MainspringError):
        return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
    return str(error)


def place_of(error: BaseException) -> str:
    """Where in the user's own files it was raised: ``file:line``, ``""`` when nowhere."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_users(frame.filename)]
    return f"{_short(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""


def _is_raised_by_user(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and _is_users(frames[-1].filename)


def _is_users(filename: str) -> bool:
    """Whether a file is neither Mainspring's, nor Python's, nor an installed package's."""
    path = os.path.realpath(filename)
    paths = sysconfig.get_paths()
    others = [str(Path(__file__).parents[1]), *(paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))]
    return os.path.isfile(path) and not any(Path(path).is_relative_to(os.path.realpath(each)) for each in others)


def _short(filename: str) -> str:
    """The path from here when the file is below here, else the whole path."""
    try:
        return os.fspath(Path(os.path.realpath(filename)).relative_to(Path.cwd().resolve()))
    except ValueError:
        return filename
