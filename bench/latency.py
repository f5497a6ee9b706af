"""Latencies at a share of what each server can do: Mainspring's listener beside others, in turn within one run.

    bench/env/bin/python bench/latency.py [--only by_hand,listener_mainspring] [--load 0.7] [--rounds 5] [--seconds 5]

Every server is kept on the first processor, as in `http.py`, whose applications these are. ``wrk`` finds out how many
requests per second it answers; then ``h2load`` sends a share of that, evenly over 32 connections, from the second
processor, and tells how long each took. What counts are medians over the rounds. Debian: wrk, nghttp2-client.
"""

import sys

sys.path.pop(0)  # this folder: `http.py` in it would hide the `http` of the standard library

import argparse
import importlib.util
import math
import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

CONNECTIONS = 32
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="by_hand,on_mainspring,listener_mainspring,fastify")
    parser.add_argument("--load", type=float, default=0.7, help="the share of what the server can do")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    http = tools()
    wrk, h2load = (shutil.which(name) or sys.exit(f"This needs {name}.") for name in ("wrk", "h2load"))
    servers = [http.Server(name) for name in options.only.split(",") if name in http.NAMES]
    found: dict[str, list[dict[str, float]]] = {server.name: [] for server in servers}
    try:
        for server in servers:
            server.started()
            capacity(http, wrk, server, 1)
        for _ in range(options.rounds):
            for server in servers:
                rate = capacity(http, wrk, server, 2) * options.load
                found[server.name].append({"rate": rate, **latencies(http, h2load, server, rate, options.seconds)})
    finally:
        for server in servers:
            server.stop()
    for name, rounds in found.items():
        median = {each: statistics.median(one[each] for one in rounds) for each in rounds[0]}
        told = "  ".join(f"{each} {median[each]:6.0f} us" for each in SHARES)
        http.say(f"{name:20} {median['rate']:7.0f}/s   {told}")


def tools() -> Any:
    """The benchmark of requests per second, as a module."""
    place = importlib.util.spec_from_file_location("bench_http", Path(__file__).parent / "http.py")
    assert place is not None
    assert place.loader is not None
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def capacity(http: Any, wrk: str, server: Any, seconds: int) -> float:
    """Requests per second under full load."""
    url = f"http://127.0.0.1:{server.port}/hello"
    words = [*http.pinned(1), wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url]
    output = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", output)
    if rate is None or "Non-2xx" in output:
        sys.exit(f"{server.name} did not answer:\n{output}")
    return float(rate[1])


def latencies(http: Any, h2load: str, server: Any, rate: float, seconds: int) -> dict[str, float]:
    """Microseconds from a request to the end of its answer, at a rate."""
    with tempfile.NamedTemporaryFile() as log:
        words = [h2load, "--h1", f"-c{CONNECTIONS}", f"--rps={rate / CONNECTIONS:.1f}", f"-D{seconds}"]
        words += [f"--log-file={log.name}", f"http://127.0.0.1:{server.port}/hello"]
        subprocess.run([*http.pinned(1), *words], capture_output=True, check=True)
        times = sorted(int(line.split()[2]) for line in Path(log.name).read_text().splitlines())
    return {name: times[math.ceil(share * len(times)) - 1] for name, share in SHARES.items()}


if __name__ == "__main__":
    main()
