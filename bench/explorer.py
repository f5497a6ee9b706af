"""What the context explorer's page costs with 5,000 bindings, against 50.

    .venv/bin/python bench/explorer.py [--rounds 9] [--bindings 50 5000] [--chromium PATH]

Each application is a process of its own: services in files of 50 classes, each injected with two others, all bound by
class. A page is opened in Chromium in turn for each of them, in a new profile, so nothing is in its cache; which is
first changes from round to round. Times are the page's own, from the navigation on:

- paint: the first frame after there are bindings in the list. That is what must be at most twice as long with 5,000.
- first ever: the same of the first page that the process was asked for, when it reads the files of the classes.
- all: when every binding is there.
- search: from a letter typed to the first frame with what it leaves, the median of ten.
- scroll: the longest frame of two hundred, each a turn of the wheel (400 pixels) further; 17 ms is a frame at 60 Hz.

Exits with 1 when the median of the ratios of `paint` is above 2.
"""

import sys

sys.path.pop(0)  # this folder: its `http.py` would hide that of the standard library


import argparse
import asyncio
import contextlib
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

CLASSES_OF_A_FILE = 50
SERVICE = "class Service{n:04}:\n    def __init__(self, a: {a}, b: {b}) -> None: ...\n\n\n"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
TIMES = """
window.times = {};
const note = (name, is) => new MutationObserver((_, observer) => {
  if (!is()) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.times[name] = performance.now(); }));
}).observe(document, { childList: true, subtree: true, attributes: true });
note("paint", () => document.querySelector(".rows .row:not(.context)") !== null);
note("all", () => document.getElementById("state")?.dataset.state === "live");
"""
SEARCH = """async () => {
  const search = document.getElementById("search");
  const times = [];
  for (const text of ["s", "se", "ser", "serv", "servi", "service0", "service00", "service004", "clas", ""]) {
    const start = performance.now();
    search.value = text;
    search.dispatchEvent(new Event("input"));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[5];
}"""
SCROLL = """async () => {
  const list = document.getElementById("list");
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  let [last, longest] = [await frame(), 0];
  for (let turn = 0; turn < 200; turn++) {
    list.scrollTop = (list.scrollTop + 400) % Math.max(400, list.scrollHeight - list.clientHeight);
    const now = await frame();
    [last, longest] = [now, Math.max(longest, now - last)];
  }
  return longest;
}"""


def serve(folder: str, bindings: int) -> None:
    """The application, in a process of its own; says its URL."""
    sys.path.insert(0, folder)
    from mainspring import RestApplication
    from mainspring.explorer import ContextExplorerComponent

    app = RestApplication({"rest": {"port": 0}})
    app.component(ContextExplorerComponent)
    for number in range(bindings):
        module = __import__(f"bindings{bindings}_{number // CLASSES_OF_A_FILE}")
        app.bind(f"services.Service{number:04}").to_class(getattr(module, f"Service{number:04}")).tag("service")

    async def run() -> None:
        async with app:
            print(app.rest_server.url, flush=True)
            await asyncio.to_thread(sys.stdin.read)

    asyncio.run(run())


def write(folder: Path, bindings: int) -> None:
    for start in range(0, bindings, CLASSES_OF_A_FILE):
        file = folder / f"bindings{bindings}_{start // CLASSES_OF_A_FILE}.py"
        text, first = "", f"Service{start:04}"
        for number in range(start, min(start + CLASSES_OF_A_FILE, bindings)):
            others = ("int = 1", "int = 2") if number == start else (f'"Service{number - 1:04}"', f'"{first}"')
            text += SERVICE.format(n=number, a=others[0], b=others[1])
        file.write_text(text)


@contextlib.contextmanager
def application(folder: Path, bindings: int) -> Iterator[str]:
    write(folder, bindings)
    command = [sys.executable, __file__, "--serve", str(folder), str(bindings)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def look(browser: Browser, url: str) -> dict[str, float]:
    """One page, in a new profile."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(TIMES)
    page = context.new_page()
    page.goto(f"{url}/context/")
    page.wait_for_selector("#state[data-state=live]")
    found: dict[str, Any] = {"search": page.evaluate(SEARCH), "scroll": page.evaluate(SCROLL)}
    found |= page.evaluate("window.times")
    context.close()
    return found


def measure(urls: dict[int, str], rounds: int, chromium: str) -> float:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        warm = browser.new_context().new_page()
        warm.goto("about:blank")
        first = {size: look(browser, url)["paint"] for size, url in urls.items()}
        found: list[dict[int, dict[str, float]]] = []
        for number in range(rounds):
            order = list(urls.items())[:: 1 if number % 2 else -1]
            found.append({size: look(browser, url) for size, url in order})
        browser.close()
    few, many = min(urls), max(urls)
    print(f"{'ms':12}{few:>10,}{many:>10,}   ratio")
    print(f"{'first ever':12}{first[few]:10.0f}{first[many]:10.0f}   {first[many] / first[few]:.2f}")
    for name in ("paint", "all", "search", "scroll"):
        ratios = sorted(each[many][name] / each[few][name] for each in found)
        times = [statistics.median(each[size][name] for each in found) for size in (few, many)]
        ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"{name:12}{times[0]:10.1f}{times[1]:10.1f}   {ratio}")
    return statistics.median(each[many]["paint"] / each[few]["paint"] for each in found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--bindings", type=int, nargs=2, default=[50, 5_000])
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    parser.add_argument("--serve", nargs=2, metavar=("FOLDER", "BINDINGS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve[0], int(options.serve[1]))
        return 0
    if options.chromium is None:
        parser.error("there is no Chromium: say where it is, --chromium PATH")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        urls = {size: running.enter_context(application(Path(folder), size)) for size in options.bindings}
        return int(measure(urls, options.rounds, options.chromium) > 2)


if __name__ == "__main__":
    sys.exit(main())
