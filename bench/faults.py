"""A running server for long: faults again and again, and memory over millions of requests.

    python bench/faults.py [--rounds 20] [--requests 2000000]

The tests of ``tests/acceptance/test_under_load.py`` (SIGTERM under load, a worker of four killed, two hundred slow
clients, no files left) run that many rounds; the first that fails ends it. Then our listener serves that many requests
to ``wrk``: on kept connections and on a connection each, with and without bodies, refused ones among them. The memory
after the first twentieth, when caches and pools are as large as they get, is held against that at the end: it may have
grown by a twentieth of that, and 1 MB. Linux, with wrk.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
APP = """
import msgspec
from mainspring import HttpErrors, RestApplication, rest

class Order(msgspec.Struct):
    name: str
    tags: list[str] = []

class Shop:
    @rest.get("/hello/{name}")
    async def hello(self, name: str, times: int = 1) -> dict[str, str]:
        return {"hello": name * times}

    @rest.post("/orders")
    async def order(self, order: Order) -> Order:
        return order

    @rest.get("/sold-out")
    async def sold_out(self) -> None:
        raise HttpErrors.Conflict("Sold out.")

app = RestApplication({"rest": {"port": 0}})
app.controller(Shop)
"""
POST = 'wrk.method="POST" wrk.body=\'{"name":"x","tags":["a","b"]}\' wrk.headers["Content-Type"]="application/json"'
#: What is asked, one after the other: path, header line, and a script of wrk.
ASKED = (
    ("/hello/ada", "X-A: b", ""),
    ("/orders", "X-A: b", POST),
    ("/hello/ada?times=many", "X-A: b", ""),
    ("/sold-out", "X-A: b", ""),
    ("/absent", "X-A: b", ""),
    ("/hello/ada", "Connection: close", ""),
)
SECONDS, CLIENTS = 4, 64


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--requests", type=int, default=2_000_000)
    options = parser.parse_args()
    tests = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "tests/acceptance/test_under_load.py"]
    for number in range(options.rounds):
        if subprocess.run(tests, cwd=ROOT, check=False, capture_output=True).returncode:
            print(f"round {number + 1} failed; run the tests to see how")
            return 1
    print(f"{options.rounds} rounds of faults stood")
    return memory(options.requests) if options.requests else 0


def memory(wanted: int) -> int:
    """Serve requests until there were as many as wanted; 1 when the memory grew."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "app.py").write_text(APP)
        command = [sys.executable, "-m", "mainspring.cli", "run", "app:app"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                url = server.stdout.readline().rpartition(" ")[2].strip()
                return serve(server.pid, url, folder, wanted)
            finally:
                server.terminate()


def serve(pid: int, url: str, folder: str, wanted: int) -> int:
    """Ask, and look at the memory now and then."""
    done, first, shown = 0, 0, 0
    while done < wanted:
        for path, line, script in ASKED:
            done += ask(f"{url}{path}", line, script, folder)
        if not first and done > wanted / 20:
            first = resident(pid)
        if done >= shown:
            print(f"{done:>10,} requests  {resident(pid) / 1024:8.1f} MB", flush=True)
            shown = done + wanted // 20
    time.sleep(1)  # until the last connections are gone
    last = resident(pid)
    print(f"from {first / 1024:.1f} MB to {last / 1024:.1f} MB, {files(pid)} files open")
    return int(last > first * 1.05 + 1024)


def ask(url: str, line: str, script: str, folder: str) -> int:
    """Let wrk ask for some seconds; gives how many answers came."""
    file = Path(folder) / "script.lua"
    file.write_text(script)
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", "-H", line, "-s", str(file), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) requests in", said)
    assert found is not None, said
    return int(found[1])


def resident(pid: int) -> int:
    """Kilobytes that a process holds in memory."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def files(pid: int) -> int:
    """Files that a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


if __name__ == "__main__":
    sys.exit(main())
