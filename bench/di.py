"""What resolving costs, against hand-written construction and other containers, in turn within one run.

    python -m venv bench/env && bench/env/bin/pip install -e . -r bench/peers-di.txt
    bench/env/bin/python bench/di.py [rounds]

The graph is A(B(C(S1*), S2*), D(S2*)), * a singleton, the rest made anew. Each line is the median of rounds in which
every candidate had its turn; ratios are medians of per-round ratios against hand-written construction. Peers that lack
what a line asks for, or are not installed, are left out of it.

- transient: one A from the application.
- deep: one A from a request context three levels down, a value bound in the request.
- scope: open a request scope, resolve A once per request, close it; `+2` binds two values in it first.
- async: await a singleton made by an async factory that is there already.
"""

import sys

sys.path.pop(0)  # this folder: its `http.py` would hide that of the standard library


import asyncio
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mainspring.context import BindingScope, Context

Work = Callable[[], Any]


class S1: ...


class S2: ...


class C:
    def __init__(self, s1: S1) -> None:
        self.s1 = s1


class B:
    def __init__(self, c: C, s2: S2) -> None:
        self.c, self.s2 = c, s2


class D:
    def __init__(self, s2: S2) -> None:
        self.s2 = s2


class A:
    def __init__(self, b: B, d: D) -> None:
        self.b, self.d = b, d


NODES = (C, B, D, A)
SINGLETONS = (S1, S2)


def hand() -> dict[str, Work]:
    """Construction as one would write it."""
    s1, s2 = S1(), S2()

    class Scope:
        __slots__ = ("cache",)

        def __enter__(self) -> "Scope":
            self.cache: dict[Any, Any] = {}
            return self

        def __exit__(self, *_: object) -> None:
            self.cache.clear()

        def get(self) -> A:
            found = self.cache.get(A)
            if found is None:
                found = self.cache[A] = A(B(C(s1), s2), D(s2))
            return found

    def transient() -> A:
        return A(B(C(s1), s2), D(s2))

    def scope() -> A:
        with Scope() as opened:
            return opened.get()

    def scope_2() -> A:
        with Scope() as opened:
            opened.cache["one"], opened.cache["two"] = 1, 2
            return opened.get()

    return {"transient": transient, "deep": transient, "scope": scope, "scope +2": scope_2}


def mainspring(others: int = 0, by: Callable[[type[Any]], Any] = lambda cls: cls) -> dict[str, Work]:
    """The container, with any number of other bindings beside."""
    app = Context("app", scope=BindingScope.APPLICATION)
    for number in range(others):
        app.bind(f"other.{number}").to(number)
    for cls in SINGLETONS:
        app.bind(by(cls)).to_class(cls).in_scope(BindingScope.SINGLETON)
    for cls in NODES:
        app.bind(by(cls)).to_class(cls)
    scoped = Context("scoped", scope=BindingScope.APPLICATION)
    for cls in SINGLETONS:
        scoped.bind(by(cls)).to_class(cls).in_scope(BindingScope.SINGLETON)
    for cls in NODES:
        scoped.bind(by(cls)).to_class(cls).in_scope(BindingScope.REQUEST)
    server = Context(scoped, "server", scope=BindingScope.SERVER)
    request = Context(Context(Context(app), scope=BindingScope.SERVER), scope=BindingScope.REQUEST)
    request.bind("user").to("somebody")
    key = by(A)

    def scope() -> A:
        with Context(server, scope=BindingScope.REQUEST) as opened:
            return opened.get_sync(key)

    def scope_2() -> A:
        with Context(server, scope=BindingScope.REQUEST) as opened:
            opened.bind("one").to(1)
            opened.bind("two").to(2)
            return opened.get_sync(key)

    return {
        "transient": lambda: app.get_sync(key),
        "deep": lambda: request.get_sync(key),
        "scope": scope,
        "scope +2": scope_2,
    }


def dishka() -> dict[str, Work]:
    from dishka import Provider, Scope, make_container

    application = Provider(scope=Scope.APP)
    for cls in SINGLETONS:
        application.provide(cls)
    transient = Provider(scope=Scope.APP)
    for cls in NODES:
        transient.provide(cls, cache=False)
    root = make_container(application, transient)
    requests = Provider(scope=Scope.REQUEST)
    for cls in NODES:
        requests.provide(cls)
    scoped = make_container(application, requests)

    def scope() -> A:
        with scoped() as opened:
            return opened.get(A)

    return {"transient": lambda: root.get(A), "scope": scope}


def wireup() -> dict[str, Work]:
    import wireup

    def build(lifetime: Any) -> Any:
        found = [wireup.injectable(lifetime="singleton")(cls) for cls in SINGLETONS]
        found += [wireup.injectable(lifetime=lifetime)(cls) for cls in NODES]
        return wireup.create_sync_container(injectables=found)

    transient = build("transient").enter_scope().__enter__()  # transients need an open scope
    scoped = build("scoped")

    def scope() -> A:
        with scoped.enter_scope() as opened:
            return opened.get(A)

    return {"transient": lambda: transient.get(A), "scope": scope}


def dependency_injector() -> dict[str, Work]:
    from dependency_injector import containers, providers

    class Container(containers.DeclarativeContainer):
        s1 = providers.Singleton(S1)
        s2 = providers.Singleton(S2)
        c = providers.Factory(C, s1=s1)
        d = providers.Factory(D, s2=s2)
        b = providers.Factory(B, c=c, s2=s2)
        a = providers.Factory(A, b=b, d=d)

    made = Container()
    return {"transient": lambda: made.a()}  # it has no request scope


def rodi() -> dict[str, Work]:
    import rodi

    def build(add: str) -> Any:
        container = rodi.Container().add_singleton(S1).add_singleton(S2)
        for cls in NODES:
            getattr(container, add)(cls)
        return container.build_provider()

    transient, scoped = build("add_transient"), build("add_scoped")

    def scope() -> A:
        with scoped.create_scope() as opened:
            return opened.get(A)

    return {"transient": lambda: transient.get(A), "scope": scope}


def that_depends() -> dict[str, Work]:
    from that_depends import BaseContainer, providers

    class Container(BaseContainer):
        s1 = providers.Singleton(S1)
        s2 = providers.Singleton(S2)
        c = providers.Factory(C, s1.cast)
        d = providers.Factory(D, s2.cast)
        b = providers.Factory(B, c.cast, s2.cast)
        a = providers.Factory(A, b.cast, d.cast)

    return {"transient": lambda: Container.a.resolve_sync()}


def injector() -> dict[str, Work]:
    import injector

    for cls in NODES:
        injector.inject(cls)
    root = injector.Injector(lambda binder: [binder.bind(cls, scope=injector.singleton) for cls in SINGLETONS])
    return {"transient": lambda: root.get(A)}


def check(work: Work) -> None:
    """The graph is right: A, B, C, D anew, the singletons shared."""
    one, other = work(), work()
    assert one is not other
    assert one.b.c is not other.b.c
    assert one.b.c.s1 is other.b.c.s1
    assert one.b.s2 is one.d.s2 is other.d.s2


def calls_for(work: Work, seconds: float = 0.05) -> int:
    """How many calls take about that long."""
    started, calls = time.perf_counter(), 0
    while time.perf_counter() - started < seconds / 4:
        work()
        calls += 1
    return max(20, calls * 4)


def nanoseconds(work: Work, calls: int) -> float:
    """The time of one call."""
    gc.collect()
    repeats = [None] * calls
    started = time.perf_counter_ns()
    for _ in repeats:
        work()
    return (time.perf_counter_ns() - started) / calls


async def async_round(calls: int) -> tuple[float, float]:
    """Awaiting a kept async singleton, and awaiting a function that reads an attribute."""
    app = Context("app")

    async def make() -> S1:
        await asyncio.sleep(0)
        return S1()

    app.bind("s").to_dynamic_value(make).in_scope(BindingScope.SINGLETON)
    for _ in range(3):
        await app.get("s")

    class Holder:
        value = S1()

    holder = Holder()

    async def read() -> S1:
        return holder.value

    times = []
    for work in (lambda: app.get("s"), read):
        gc.collect()
        repeats = [None] * calls
        started = time.perf_counter_ns()
        for _ in repeats:
            await work()
        times.append((time.perf_counter_ns() - started) / calls)
    return times[0], times[1]


def first_resolution(rounds: int) -> tuple[float, float]:
    """Microseconds: the first resolutions of a new class until its plan is made, and decorating one with @dataclass."""
    ours, theirs = [], []
    for _ in range(rounds * 20):
        app = Context("app")
        app.bind(S1).to_class(S1).in_scope(BindingScope.SINGLETON)
        app.bind(S2).to_class(S2).in_scope(BindingScope.SINGLETON)
        app.get_sync(S1), app.get_sync(S2)

        class Fresh:
            def __init__(self, s1: S1, s2: S2) -> None:
                self.s1, self.s2 = s1, s2

        app.bind("fresh").to_class(Fresh)
        started = time.perf_counter_ns()
        app.get_sync("fresh"), app.get_sync("fresh")
        ours.append(time.perf_counter_ns() - started)

        class Fields:
            s1: S1
            s2: S2

        started = time.perf_counter_ns()
        dataclass(Fields)
        theirs.append(time.perf_counter_ns() - started)
    return statistics.median(ours) / 1000, statistics.median(theirs) / 1000


def main() -> None:
    """Run and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    candidates: dict[str, Callable[[], dict[str, Work]]] = {
        "hand": hand,
        "mainspring": mainspring,
        "mainspring by key": lambda: mainspring(by=lambda cls: f"keys.{cls.__name__}") | {},
        "mainspring, 100,000 others": lambda: mainspring(others=100_000),
        "dishka": dishka,
        "wireup": wireup,
        "dependency-injector": dependency_injector,
        "rodi": rodi,
        "that-depends": that_depends,
        "injector": injector,
    }
    works: dict[tuple[str, str], tuple[Work, int]] = {}
    for name, make in candidates.items():
        try:
            made = make()
        except ImportError as error:
            print(f"left out: {name} ({error})")
            continue
        for line, work in made.items():
            check(work)
            for _ in range(5):
                work()
            works[name, line] = (work, calls_for(work))
    times: dict[tuple[str, str], list[float]] = {key: [] for key in works}
    for _ in range(rounds):
        for key, (work, calls) in works.items():
            times[key].append(nanoseconds(work, calls))
    lines = ("transient", "deep", "scope", "scope +2")
    print(
        "| container | " + " | ".join(f"{line} ns | x hand" for line in lines) + " |\n|---|" + "---:|---:|" * len(lines)
    )
    for name in candidates:
        cells = []
        for line in lines:
            if (name, line) not in times:
                cells += ["–", "–"]
                continue
            mine, base = times[name, line], times["hand", line]
            ratio = statistics.median(a / b for a, b in zip(mine, base, strict=True))
            cells += [f"{statistics.median(mine):,.0f}", f"{ratio:.2f}"]
        if any(cell != "–" for cell in cells):
            print(f"| {name} | " + " | ".join(cells) + " |")
    pairs = [asyncio.run(async_round(20_000)) for _ in range(rounds)]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    print(f"async singleton: {statistics.median(ours for ours, _ in pairs):,.0f} ns, {ratio:.2f} x awaiting a function")
    ours, theirs = first_resolution(rounds)
    print(f"first resolutions and plan of a class: {ours:,.0f} us, @dataclass of two fields: {theirs:,.0f} us")


if __name__ == "__main__":
    main()
