"""What reading and writing rows costs: Mainspring, hand-written SQLAlchemy Core, and ORMs, in turn within one run.

    python -m venv bench/env && bench/env/bin/pip install -e '.[sql,postgres]' -r bench/peers-repository.txt
    bench/env/bin/python bench/repository.py [--on memory,postgresql] [--only by_core,on_mainspring] [--rounds 9]
    bench/env/bin/python bench/repository.py --million

Every store in ``stores`` keeps the same 1,000 notes of six columns, the first 100 with ten lines each, in a database of
its own: SQLite in memory, or PostgreSQL where ``MAINSPRING_TEST_POSTGRESQL`` says (its own databases are made there and
dropped). Each figure is the processor time of this process for one call, the median of rounds in which every store had
its turn; ratios are medians of per-round ratios to hand-written Core. A store that is not installed, or does not give
the rows it should, is left out.

- by id: one note by its id.
- 100: the first 100 notes with a size over 5, as objects.
- JSON: the same as the bytes of JSON.
- HTTP: the same through the ASGI application of each, without a server.
- 100 x 10: the first 100 notes, each with its ten lines.
- create: one note. create 1,000: a thousand, with their ids (Tortoise does not tell them).
- count: the notes with a size over 5.

`by_core` is what SQLAlchemy's documentation shows. `by_core_pinging` asks each connection whether it lives before it is
used, as Mainspring's promise of DS-010 needs; `by_core_tuned` leaves out the transaction around single statements.

``--million`` streams a million rows, and tells the peak memory before and after.
"""

import sys

sys.path.pop(0)  # this folder: its `http.py` would hide that of the standard library

import argparse
import asyncio
import gc
import importlib
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

STORES = Path(__file__).parent / "stores"
BASE = "by_core"
NAMES = [BASE, "by_core_pinging", "by_core_tuned", "on_mainspring"]
NAMES += sorted(file.stem for file in STORES.glob("on_*.py") if file.stem not in NAMES)
POSTGRESQL = os.environ.get("MAINSPRING_TEST_POSTGRESQL") or "postgresql://postgres@127.0.0.1:5432/postgres"
#: Name -> calls of one turn. A turn takes some hundredths of a second.
WORK = {"by id": 100, "100": 20, "JSON": 20, "HTTP": 20, "100 x 10": 5, "create": 100, "create 1,000": 2, "count": 100}

Call = Callable[[], Awaitable[Any]]


def main() -> None:
    """Measure what is asked for."""
    options = arguments()
    sys.path.append(str(STORES))
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        run = asyncio.run
    kinds = options.on.split(",")
    if len(kinds) > 1:  # some stores are of one database for as long as the process lasts
        for kind in kinds:
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--on", kind], check=True)
    elif options.million:
        run(stream_a_million(kinds[0]))
    else:
        names = [name for name in NAMES if not options.only or name in options.only.split(",")]
        run(compare(kinds[0], names, options.rounds))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", default="memory,postgresql", help="databases")
    parser.add_argument("--only", default="", help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--million", action="store_true", help="stream a million rows, and nothing else")
    return parser.parse_args()


@asynccontextmanager
async def place(kind: str, name: str) -> AsyncIterator[str]:
    """The URL of an empty database, which is gone afterwards."""
    if kind == "memory":
        yield "sqlite+aiosqlite://"
        return
    import asyncpg

    database = f"mainspring_bench_{name}"
    admin = await asyncpg.connect(POSTGRESQL)
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {database} (FORCE)")
        await admin.execute(f"CREATE DATABASE {database}")
        yield f"{POSTGRESQL.rpartition('/')[0]}/{database}"
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {database} (FORCE)")
        await admin.close()


async def compare(kind: str, names: list[str], rounds: int) -> None:
    """Open every store, let each have its turn, and print a table."""
    stores: dict[str, tuple[Any, dict[str, Call]]] = {}
    async with AsyncExitStack() as opened:
        for name in names:
            url = await opened.enter_async_context(place(kind, name))
            try:
                module = importlib.import_module(name)
                store = module.Store(url)
            except ImportError as error:
                say(f"left out of {kind}: {name} ({error})")
                continue
            await store.open()
            opened.push_async_callback(store.close)
            work = calls_of(store, module.app(store))
            wrong = await found_wrong(store, work)
            if wrong:
                say(f"left out of {kind}: {name} ({wrong})")
            else:
                stores[name] = (store, work)
        await measure(kind, stores, rounds)


def calls_of(store: Any, app: Any) -> dict[str, Call]:
    """What is measured, by name."""
    ids = [1 + number * 7 % 1000 for number in range(1000)]

    async def by_id() -> Any:
        ids.append(ids.pop(0))
        return await store.find_by_id(ids[0])

    return {
        "by id": by_id,
        "100": store.find_100,
        "JSON": store.json_100,
        "HTTP": lambda: requested(app),
        "100 x 10": store.find_with_lines,
        "create": store.create,
        "create 1,000": store.create_1000,
        "count": store.count,
    }


async def found_wrong(store: Any, work: dict[str, Call]) -> str:
    """What a store gives that it should not."""
    found = await store.find_100()
    numbers = [each.id for each in found]
    shown, sent = json.loads(await work["JSON"]()), json.loads(await work["HTTP"]())
    related = await work["100 x 10"]()
    checks = {
        "by id": (await store.find_by_id(42)).title == "note 41",
        "100": len(numbers) == 100 and sorted(numbers) == numbers and all(each.size > 5 for each in found),
        "JSON": [each["id"] for each in shown] == numbers and set(shown[0]) == set(sent[0]),
        "HTTP": [each["id"] for each in sent] == numbers,
        "100 x 10": [len(list(each.lines)) for each in related] == [10] * 100,
        "count": await store.count() == sum(number % 97 > 5 for number in range(1000)),
        "create": (await store.create()).id == 1001 and len(await store.create_1000()) == 1000,
    }
    await store.clean()
    return ", ".join(name for name, right in checks.items() if not right)


async def requested(app: Any) -> bytes:
    """The body of the answer to one request, as a server would make it."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "method": "GET",
        "root_path": "",
        "path": "/notes",
        "raw_path": b"/notes",
        "query_string": b"filter=%7B%22where%22%3A%7B%22size%22%3A%7B%22gt%22%3A5%7D%7D%2C%22limit%22%3A100%7D",
        "headers": [(b"host", b"127.0.0.1:8000")],
        "state": {},
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if sent[0]["status"] != 200:
        raise RuntimeError(f"{app} answered {sent[0]['status']}: {sent[1]['body'][:500]!r}")
    return b"".join(each.get("body", b"") for each in sent[1:])


async def measure(kind: str, stores: dict[str, tuple[Any, dict[str, Call]]], rounds: int) -> None:
    """Let each have its turn; the first makes plans and caches, and does not count."""
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds + 1):
        for line, calls in WORK.items():
            for name, (store, work) in stores.items():
                gc.collect()
                begin = time.process_time()
                for _ in range(calls):
                    await work[line]()
                taken = (time.process_time() - begin) / calls * 1e6
                if number:
                    times.setdefault((name, line), []).append(taken)
                if line.startswith("create"):
                    await store.clean()
    print_table(kind, list(stores), times)
    if "on_mainspring" in stores:
        store, work = stores["on_mainspring"]
        sent: list[str] = []
        store.ds.on("query", lambda event: sent.append(event.sql))
        await work["100 x 10"]()
        say(f"statements of Mainspring for 100 x 10: {len(sent)}\n")


def print_table(kind: str, names: list[str], times: dict[tuple[str, str], list[float]]) -> None:
    """Microseconds, and ratios to hand-written Core."""
    say(f"| {kind}, us of processor | " + " | ".join(f"{line} | x" for line in WORK) + " |")
    say("|---|" + "---:|---:|" * len(WORK))
    for name in names:
        cells = []
        for line in WORK:
            own, base = times[name, line], times.get((BASE, line), [])
            ratios = [mine / other for mine, other in zip(own, base, strict=False)]
            cells += [f"{statistics.median(own):,.0f}", f"{statistics.median(ratios):.2f}" if ratios else "–"]
        say(f"| {name} | " + " | ".join(cells) + " |")


async def stream_a_million(kind: str) -> None:
    """Peak memory before and after."""
    from on_mainspring import DataSource, Note, NoteRepository

    with tempfile.TemporaryDirectory() as folder:
        async with place(kind, "million") as url:
            config = {"connector": "sqlite", "database": f"{folder}/million.db"} if kind == "memory" else {"url": url}
            async with DataSource({"name": "db", **config}) as ds:
                await ds.autoupdate([Note])
                numbers = "generate_series(1, 1000000) AS n(i)"
                if kind == "memory":
                    numbers = "(WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
                    numbers += " SELECT i FROM n)"
                made = "'2026-01-01 00:00:00.000000'" if kind == "memory" else "now()"
                values = f"'note ' || i, 'some text ' || i, i % 97, i % 3 = 0, {made}"
                columns = "title, body, size, is_done, created"
                await ds.execute(f"INSERT INTO notes ({columns}) SELECT {values} FROM {numbers}")
                notes, count = NoteRepository(ds), 0
                async for _ in notes.stream({"limit": 5000}):
                    count += 1
                before, begin = peak(), time.process_time()
                count = 0
                async for _ in notes.stream():
                    count += 1
                seconds = time.process_time() - begin
                say(f"{kind}: {count:,} rows in {seconds:.1f} s of processor, peak memory {before:.1f} MiB before")
                say(f"and {peak():.1f} MiB after")


def peak() -> float:
    """The peak memory of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
