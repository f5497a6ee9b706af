"""What booting costs against importing, observers against tasks, and `import mainspring.core` against what it needs.

    .venv/bin/python bench/boot.py [--rounds 7] [--files 500 2000]

- boot: `await app.boot()` of a new application and generated files of one class each, against
  `importlib.import_module` of equal files in the same order, in one process and with one `sys.path`. Of 20 files of
  the mix, 7 are controllers (two routes, a service injected), 7 services (`@injectable`, two services or repositories
  injected by type), 3 repositories (a datasource injected by key) and 3 models; `plain` are services alone, without
  anything injected. `mix, REST` is the mix in an application with a server, which reads, checks and plans each
  route when its controller is registered. `scanned` and `mounted` are the start of a `ServerLoader` that does not
  listen, with services or controllers (two routes each) and nothing else: everything is built and routed then. Each
  side of each round has packages of its own, so that nothing is in
  `sys.modules`; their bytecode is compiled before, and read once, so that both find it in the memory of the system.
  What they import themselves (the framework) is there already, and the garbage collector is told to leave out what was
  there before. Which side is first changes from round to round.
- observers: `app.start()` of 1,000 observer classes whose methods do nothing, and `app.stop()`, each against 1,000
  tasks in an `asyncio.TaskGroup`. The application is new in each round: starting makes the instances as well.
- import: `import mainspring.core` against `import asyncio, dataclasses, inspect`, in processes of their own, without
  the start of the interpreter. No module of HTTP, SQL or the command line may be among what it imports.

A ratio is the median of those of the rounds, with the lowest and the highest.
"""

import sys

sys.path.pop(0)  # this folder: its `http.py` would hide that of the standard library


import argparse
import asyncio
import compileall
import gc
import importlib
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mainspring import BootMixin, RepositoryMixin, RestApplication, ServerLoader
from mainspring.core import Application

MODEL = """\
from mainspring import Entity, field, model


@model()
class Model{n}(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = field(required=True)
    done: bool = field(default=False)
"""
REPOSITORY = """\
from typing import Annotated

from mainspring import DataSource, DefaultCrudRepository, inject

from ..models.a{n}_model import Model{n}


class Repository{n}(DefaultCrudRepository[Model{n}, int]):
    def __init__(self, datasource: Annotated[DataSource, inject("datasources.db")]) -> None:
        super().__init__(Model{n}, datasource)
"""
SERVICE = """\
from mainspring import injectable

from {first_module} import {first}
from {second_module} import {second}


@injectable()
class Service{n}:
    def __init__(self, first: {first}, second: {second}) -> None:
        self.first, self.second = first, second

    async def work(self, number: int) -> int:
        return number + 1
"""
CONTROLLER = """\
from mainspring import rest

from ..services.a{n}_service import Service{n}


class Controller{n}:
    def __init__(self, service: Service{n}) -> None:
        self.service = service

    @rest.get("/things{n}/{{id}}")
    async def find(self, id: int) -> dict[str, int]:
        return {{"id": await self.service.work(id)}}

    @rest.post("/things{n}")
    async def create(self, title: str) -> dict[str, str]:
        return {{"title": title}}
"""
MOUNTED = """\
from mainspring import rest
from mainspring.loader import controller


@controller("/things{n}")
class Controller{n}:
    @rest.get("/{{id}}")
    async def find(self, id: int) -> dict[str, int]:
        return {{"id": id}}

    @rest.post("/")
    async def create(self, title: str) -> dict[str, str]:
        return {{"title": title}}
"""
PLAIN = """\
from mainspring import injectable


@injectable()
class Service{n}:
    async def work(self, number: int) -> int:
        return number + 1
"""

#: In the order in which a boot imports them, with how many of 20 files are of the kind.
MIX = {"models": 3, "repositories": 3, "services": 7, "controllers": 7}
ENDINGS = {"models": "model", "repositories": "repository", "services": "service", "controllers": "controller"}
TEXTS = {"models": MODEL, "repositories": REPOSITORY, "controllers": CONTROLLER}

OBSERVERS = 1000
NEEDED = "asyncio, dataclasses, inspect"
#: Top names of what the core must not need, and rooms of the framework above it.
FOREIGN = {"http", "urllib", "email", "uvicorn", "starlette", "h11", "httptools", "sqlite3", "sqlalchemy", "argparse"}
FOREIGN |= {"click", "typer", "socketserver", "wsgiref", "xml", "html"}
FOREIGN |= {f"mainspring.{room}" for room in ("rest", "openapi", "repository", "crud", "cli", "boot")}


class Plain(BootMixin, Application):
    """What services alone are booted into."""


class Mixed(BootMixin, RepositoryMixin, Application):
    """What the mix is booted into."""


class Rest(BootMixin, RepositoryMixin, RestApplication):
    """The same with a server, which checks and plans every route when its controller is registered."""


class Loader(ServerLoader):
    """What is started, not only booted: scanned services, mounted controllers."""


def main() -> None:
    """Measure and print."""
    options = arguments()
    print("| | x | lowest | highest | ours ms | theirs ms |\n|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for files in options.files:
            for name, (write, make) in CANDIDATES.items():
                if options.only and name not in options.only:
                    continue
                root = Path(folder, f"{name.replace(', ', '_')}{files}")
                sys.path.insert(0, str(root))
                pairs = [boot_round(root, files, write, make, number) for number in range(options.rounds + 1)]
                say(f"boot of {files} files, {name} / importing them", pairs[1:])  # the first one warms up
    if options.only:
        return
    observers = [asyncio.run(observer_round()) for _ in range(options.rounds + 1)][1:]
    say(f"starting {OBSERVERS} observers / a TaskGroup", [(start, tasks) for start, _, tasks in observers])
    say(f"stopping {OBSERVERS} observers / a TaskGroup", [(stop, tasks) for _, stop, tasks in observers])
    say("both / a TaskGroup", [(start + stop, tasks) for start, stop, tasks in observers])
    with tempfile.TemporaryDirectory() as folder:
        found = foreign_modules(folder)  # and all bytecode is there
        pairs = [(import_time("mainspring.core", folder), import_time(NEEDED, folder)) for _ in range(20)]
    say(f"import mainspring.core / {NEEDED}", pairs)
    print(f"modules of HTTP, SQL or the command line that it imports: {', '.join(found) or 'none'}")
    sys.exit(1 if found else 0)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="*", choices=sorted(CANDIDATES), help="boots to measure, and nothing else")
    parser.add_argument("--files", type=int, nargs="+", default=[500, 2000])
    return parser.parse_args()


def say(what: str, pairs: Iterable[tuple[float, float]]) -> None:
    """One line: the ratios of pairs of seconds, and the medians."""
    ours, theirs = zip(*pairs, strict=True)
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    times = (statistics.median(ours) * 1000, statistics.median(theirs) * 1000)
    print(
        f"| {what} | {statistics.median(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f} | "
        + " | ".join(f"{each:,.1f}" for each in times)
        + " |",
        flush=True,
    )


# One boot, one import


def mix(root: Path, files: int) -> list[str]:
    """Write an application of several kinds of artifacts; the names of its modules in the order of a boot."""
    counts = {kind: files * share // 20 for kind, share in MIX.items()}
    names = []
    for kind, count in counts.items():
        numbers = [f"{number:04}" for number in range(count)]
        texts = {
            n: service(root.name, n, numbers, counts["repositories"]) if kind == "services" else TEXTS[kind].format(n=n)
            for n in numbers
        }
        names += write_package(root, kind, texts)
    return names


def service(package: str, n: str, numbers: list[str], repositories: int) -> str:
    """The text of a service with two of its neighbours, or a repository and a neighbour; no cycles."""
    before = numbers[: int(n)]
    one = f"{int(n) % repositories:04}"
    places = [(f"{package}.services.a{other}_service", f"Service{other}") for other in before[-2:]]
    repository = (f"{package}.repositories.a{one}_repository", f"Repository{one}")
    another = f"{(int(n) + 1) % repositories:04}"
    places += [repository, (f"{package}.repositories.a{another}_repository", f"Repository{another}")]
    if int(n) % 2:
        places[0], places[-1] = places[-1], places[0]
    (first_module, first), (second_module, second) = places[:2]
    return SERVICE.format(n=n, first_module=first_module, first=first, second_module=second_module, second=second)


def plain(root: Path, files: int) -> list[str]:
    """Write services that need nothing; the names of their modules."""
    return write_package(root, "services", {f"{n:04}": PLAIN.format(n=f"{n:04}") for n in range(files)})


def mounted(root: Path, files: int) -> list[str]:
    """Write controllers that need nothing; the names of their modules."""
    return write_package(root, "controllers", {f"{n:04}": MOUNTED.format(n=f"{n:04}") for n in range(files)})


def write_package(root: Path, kind: str, texts: dict[str, str]) -> list[str]:
    """Write the files of one kind by their numbers."""
    folder = root / kind
    folder.mkdir(parents=True)
    for package in (root, folder):
        (package / "__init__.py").touch()
    for number, text in texts.items():
        (folder / f"a{number}_{ENDINGS[kind]}.py").write_text(text)
    return [f"{root.name}.{kind}.a{number}_{ENDINGS[kind]}" for number in texts]


CANDIDATES: dict[str, tuple[Callable[[Path, int], list[str]], Callable[[], Any]]] = {
    "plain": (plain, Plain),
    "mix": (mix, Mixed),
    "mix, REST": (mix, Rest),
    "scanned": (plain, Loader),
    "mounted": (mounted, Loader),
}


def boot_round(
    folder: Path, files: int, write: Callable[[Path, int], list[str]], make: Callable[[], Any], number: int
) -> tuple[float, float]:
    """Seconds for booting and for importing equal files."""
    booted, imported = (f"{folder.name}_{number}_{side}" for side in "bi")
    names = {each: write(folder / each, files) for each in (booted, imported)}
    for each in names:
        compileall.compile_dir(folder / each, quiet=1)
        for path in (folder / each).rglob("*.pyc"):
            path.read_bytes()
    importlib.invalidate_caches()
    app = make()
    app.project_root = folder / booted
    works: dict[str, Callable[[], float]] = {
        "boot": lambda: asyncio.run(boot_time(app)),
        "import": lambda: time_to_import(names[imported]),
    }
    times = {}
    for side in sorted(works, reverse=bool(number % 2)):
        gc.collect()
        gc.freeze()
        times[side] = works[side]()
        gc.unfreeze()
    check(app, names[booted], names[imported])
    forget(booted, imported)
    return times["boot"], times["import"]


async def boot_time(app: Any) -> float:
    """Seconds for a boot (of a loader: for its start), the event loop running already."""
    started = time.perf_counter()
    await (app.listen(network=False) if isinstance(app, ServerLoader) else app.boot())
    return time.perf_counter() - started


def time_to_import(names: list[str]) -> float:
    """Seconds for importing modules."""
    started = time.perf_counter()
    for name in names:
        importlib.import_module(name)
    return time.perf_counter() - started


def check(app: Any, booted: list[str], imported: list[str]) -> None:
    """Each file was imported, and each class of the booted ones is bound."""
    assert all(name in sys.modules for name in (*booted, *imported))
    bound = {binding.source.value.__module__ for binding in app.find() if isinstance(binding.source.value, type)}
    assert bound >= set(booted)


def forget(*packages: str) -> None:
    """Leave no module of theirs."""
    for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
        del sys.modules[name]


# Observers


async def observer_round() -> tuple[float, float, float]:
    """Seconds for starting observers, for stopping them, and for as many tasks."""
    app = Application()
    for number in range(OBSERVERS):
        app.life_cycle_observer(new_observer(f"Observer{number}"))
    times = []
    for work in (app.start, app.stop, task_group):
        gc.collect()
        started = time.perf_counter()
        await work()
        times.append(time.perf_counter() - started)
    return times[0], times[1], times[2]


def new_observer(name: str) -> type[Any]:
    """A class whose start and stop do nothing."""

    class Observer:
        async def start(self) -> None: ...

        async def stop(self) -> None: ...

    Observer.__name__ = Observer.__qualname__ = name
    return Observer


async def task_group() -> None:
    """As many tasks as observers."""

    async def nothing() -> None: ...

    async with asyncio.TaskGroup() as group:
        for _ in range(OBSERVERS):
            group.create_task(nothing())


# Importing the core


def import_time(modules: str, bytecode: str) -> float:
    """Seconds for an import in a process of its own."""
    code = f"import time; started = time.perf_counter(); import {modules}; print(time.perf_counter() - started)"
    return float(output_of(code, bytecode))


def foreign_modules(bytecode: str) -> list[str]:
    """What `import mainspring.core` imports that it must not need."""
    code = "import sys; before = {*sys.modules}; import mainspring.core; print(*{*sys.modules} - before)"
    names = output_of(code, bytecode).split()
    return sorted(n for n in names if n.partition(".")[0] in FOREIGN or ".".join(n.split(".")[:2]) in FOREIGN)


def output_of(code: str, bytecode: str) -> str:
    """What a process prints that keeps its bytecode in a folder, whatever the settings of this one are."""
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    settings["PYTHONPYCACHEPREFIX"] = bytecode
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=settings).stdout


if __name__ == "__main__":
    main()
