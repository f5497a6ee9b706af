"""The page of every error: ``<!-- errors -->`` becomes each public error with its status, its cause and its remedy.

The cause is the first paragraph of the docstring, the remedy its section ``Remedy:``.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from sphinx.application import Sphinx

import mainspring
from mainspring.errors import MainspringError
from mainspring.http import HttpError

MARK = "<!-- errors -->"
REMEDY = re.compile(r"^Remedy:\n((?:    .+\n?)+)", re.MULTILINE)


@cache
def error_classes() -> tuple[type[BaseException], ...]:
    """Every public error of the framework, by room and name."""
    for module in pkgutil.walk_packages(mainspring.__path__, "mainspring."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = {each for each in descendants(MainspringError) if each.__module__.startswith("mainspring.")}
    public = [each for each in {MainspringError, *found} if "_" not in (each.__name__[0], each.__qualname__[0])]
    return tuple(sorted(public, key=lambda each: (room_of(each), each.__qualname__)))


def descendants(cls: type[Any]) -> Iterator[type[Any]]:
    """The classes that inherit from one."""
    for each in cls.__subclasses__():
        yield each
        yield from descendants(each)


def room_of(cls: type[Any]) -> str:
    """The room that an error comes from."""
    return cls.__module__.split(".")[1]


def cause_of(cls: type[BaseException]) -> str:
    """When it is raised: the first paragraph of its own docstring, ``""`` without one."""
    text = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    return " ".join(text.split("\n\n")[0].split())


def remedy_of(cls: type[BaseException]) -> str:
    """What to do about it, ``""`` when its docstring does not say."""
    found = REMEDY.search(inspect.cleandoc(cls.__dict__.get("__doc__") or "") + "\n")
    return " ".join(found[1].split()) if found else ""


def is_of_the_family(cls: type[BaseException]) -> bool:
    """Whether it is one of ``HttpErrors``, which stand in a table of their own."""
    return issubclass(cls, HttpError) and room_of(cls) == "http" and cls is not HttpError


def described() -> str:
    """The sections of the page, in Markdown."""
    room, parts = "", []
    for cls in error_classes():
        if is_of_the_family(cls):
            continue
        if room_of(cls) != room:
            room = room_of(cls)
            parts.append(f"## mainspring.{room}\n")
        status = getattr(cls, "status", None)
        bases = ", ".join(f"`{base.__name__}`" for base in cls.__bases__)
        said = f" Status {status}." if isinstance(status, int) else ""
        parts.append(f"### {cls.__name__}\n\nA {bases}.{said} {marked(cause_of(cls))}\n")
        parts.append(f"**Remedy.** {marked(remedy_of(cls))}\n")
    return "\n".join(parts)


def marked(text: str) -> str:
    """A docstring's words in Markdown: there, two backticks are code and one is a name."""
    return text.replace("``", "`")


def read(_app: Sphinx, page: str, content: list[str]) -> None:
    """Change the page before it is parsed."""
    if page == "errors":
        content[0] = content[0].replace(MARK, described())


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx's entry point."""
    app.connect("source-read", read)
    return {"parallel_read_safe": True}
