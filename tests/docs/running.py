"""A page as a program: its files in a folder, its code in one module, its commands run, their output compared."""

import ast
import asyncio
import contextlib
import importlib.util
import io
import json
import linecache
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.docs.blocks import ROOT, Block, blocks_of
from tests.docs.curl import curl
from tests.docs.processes import Service, environment

from mainspring.testing import harness

__all__ = ["Page", "agrees"]

ADDRESS = re.compile(r"(?:localhost|127\.0\.0\.1):\d+")
SERVED = ("app.py", "server.py", "application.py")
ASYNC = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Page:
    """Runs the blocks of one page, in order, inside a folder of its own."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.name = "page_" + re.sub(r"\W", "_", str(page.relative_to(ROOT).with_suffix("")))
        self.module = ModuleType(self.name)
        self.runner = asyncio.Runner()
        self.printed = ""
        self.commanded: set[str] = set()
        self.service: Service | None = None
        self.harness: Any = None

    def __enter__(self) -> Self:
        self.before = (list(sys.path), set(sys.modules), Path.cwd())
        sys.modules[self.name] = self.module
        sys.path.insert(0, str(self.folder))
        os.chdir(self.folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self.stop_serving()
        finally:
            sys.path[:], modules, folder = self.before
            os.chdir(folder)
            self.runner.close()
            if self.service is not None:
                self.service.end()
            self.forget(set(sys.modules) - modules)

    def forget(self, names: Iterable[str]) -> None:
        """Take modules out of Python's memory: those of the folder, all at once, since they look at each other."""
        mine = [name for name in names if name == self.name or self.is_mine(sys.modules[name])]
        for name in mine:
            del sys.modules[name]

    def is_mine(self, module: ModuleType) -> bool:
        """Whether a module came out of the page's folder."""
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
        return any(str(place).startswith(str(self.folder)) for place in places if place)

    def run(self) -> None:
        """Run every block; an error says the line of the page."""
        for block in blocks_of(self.page):
            try:
                self.run_block(block)
            except BaseException as error:
                error.add_note(f"in the block at {self.page.relative_to(ROOT)}:{block.line}")
                raise
        self.import_the_rest()

    def run_block(self, block: Block) -> None:
        """Do what a block says."""
        kinds: dict[str, Callable[[Block], None]] = {"python": self.execute, "console": self.command_lines}
        if block.title is not None:
            self.write(block)
        elif block.language == "output":
            assert agrees(block.text, self.printed), difference(block.text, self.printed)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "toml":
            tomllib.loads(block.text)
        elif block.language in kinds:
            kinds[block.language](block)

    # Files

    def write(self, block: Block) -> None:
        """Make the file that a block is; what serves or knows the one before is told."""
        assert block.title is not None
        file = self.folder / block.title
        file.parent.mkdir(parents=True, exist_ok=True)
        if block.language == "python":
            compile(block.text, self.where(block), "exec", dont_inherit=True)
        self.stop_serving()
        self.forget(set(sys.modules) - {self.name})
        seen = self.service.starts if self.service is not None and self.service.reloads else None
        file.write_text(block.text, encoding="utf-8")
        if seen is not None and self.service is not None:
            self.service.wait_for_start(seen + 1)

    def import_the_rest(self) -> None:
        """Import files that nothing has imported, unless a command may have used them."""
        if "mainspring" in self.commanded:
            return
        used = {getattr(module, "__file__", None) for module in sys.modules.values()}
        used |= {str(self.folder / name) for name in self.commanded}
        for block in blocks_of(self.page):
            title = block.title or ""
            file = str(self.folder / title)
            if block.language == "python" and title.endswith(".py") and "/" not in title and file not in used:
                importlib.import_module(title.removesuffix(".py"))

    # Code

    def where(self, block: Block) -> str:
        """What tracebacks call a block."""
        return f"{self.page}:{block.line}"

    def execute(self, block: Block) -> None:
        """Run code in the page's module; ``await`` works anywhere in it."""
        linecache.cache[self.where(block)] = (len(block.text), None, block.text.splitlines(True), self.where(block))
        code = compile(block.text, self.where(block), "exec", flags=ASYNC, dont_inherit=True)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.runner.run(self.awaited(code))
        self.printed = out.getvalue()

    async def awaited(self, code: CodeType) -> None:
        """Run code that may be a coroutine."""
        result = eval(code, self.module.__dict__)
        if code.co_flags & 0x80:  # CO_COROUTINE
            await result

    # Commands

    def command_lines(self, block: Block) -> None:
        """Run each command and compare what follows it, if anything does."""
        for command, expected in commands_of(block.text):
            self.printed = self.call(command)
            if expected.strip():
                assert agrees(expected, self.printed), f"$ {command}\n{difference(expected, self.printed)}"

    def call(self, command: str) -> str:
        """What a command prints."""
        words = shlex.split(command)
        self.commanded.update(words)
        if words[0] == "curl":
            return self.curl(words[1:])
        if words[0] == "cd":
            os.chdir(words[1])
            return ""
        if words[:2] in (["mainspring", "run"], ["mainspring", "serve"]):
            if self.service is not None:
                self.service.end()
            self.service = Service(words[1:])
            return self.service.first_lines()
        programs = {
            "mainspring": [sys.executable, "-m", "mainspring.cli"],
            "python": [sys.executable],
            "pytest": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        }
        assert words[0] in programs, f"{words[0]} is not run: mark the block as text, and say why in the page."
        line = [*programs[words[0]], *words[1:]]
        done = subprocess.run(line, capture_output=True, text=True, env=environment(), check=False, timeout=300)
        return done.stdout + done.stderr

    def curl(self, words: list[str]) -> str:
        """Ask what the page serves: a process it started, else its file or its ``app``, here."""
        if self.service is None and self.harness is None:
            self.harness = harness(self.application(), network=True)
            self.runner.run(self.harness.__aenter__())
        url = self.service.url if self.service is not None else self.harness.url
        address = urlsplit(url).netloc
        return str(self.runner.run(asyncio.to_thread(curl, [ADDRESS.sub(address, word) for word in words])))

    def application(self) -> Any:
        """The application of the page's folder, else the ``app`` of its code."""
        file = next((name for name in SERVED if (self.folder / name).exists()), None)
        module = importlib.import_module(file.removesuffix(".py")) if file else self.module
        return module.app

    def stop_serving(self) -> None:
        """Stop what is served here."""
        if self.harness is not None:
            served, self.harness = self.harness, None
            self.runner.run(served.__aexit__(None, None, None))


def commands_of(text: str) -> list[tuple[str, str]]:
    """The commands of a console, each with the lines below it."""
    found: list[tuple[str, str]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        else:
            assert found, f"No command stands before {line!r}."
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
    return found


def agrees(expected: str, actual: str) -> bool:
    """Whether two texts say the same: blanks do not count, and ``...`` is any text."""
    parts = ADDRESS.sub("HOST", expected).split("...")
    pattern = ".*".join(re.escape(re.sub(r"\s+", "", part)) for part in parts)
    return re.fullmatch(pattern, re.sub(r"\s+", "", ADDRESS.sub("HOST", actual)), re.DOTALL) is not None


def difference(expected: str, actual: str) -> str:
    """Both texts, one below the other."""
    return f"The page says:\n{expected}\nIt is:\n{actual}"
