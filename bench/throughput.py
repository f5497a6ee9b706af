"""Requests per second of ``GET /hello``: Mainspring against hand-written ASGI on the same server, in the same run.

    .venv/bin/python bench/throughput.py [--rounds 5] [--seconds 3] [--connections 32]

Both run on uvicorn with uvloop and httptools, each as one process. They are loaded in turn by ``wrk``, round by round,
so that what else the machine does hits both alike; the figure to look at is the median of the rounds' ratios, with
the lowest and highest. Where there are two processors, server and load get one each.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
SERVERS = {"by hand": "hello:by_hand", "mainspring": "hello:mainspring"}
WARM_UP = 1  # second; plans, decision trees and caches are made by the first requests
PATIENCE = 30  # seconds until a server must have answered for the first time


def main() -> None:
    """Measure and print one line a round, then the medians."""
    options = arguments()
    wrk = shutil.which("wrk") or sys.exit("This needs wrk (Debian: apt-get install wrk).")
    ports = {name: free_port() for name in SERVERS}
    servers = [serve(target, ports[name]) for name, target in SERVERS.items()]
    try:
        for port in ports.values():
            wait_for(port)
            load(wrk, port, WARM_UP, options.connections)
        rounds = []
        for number in range(1, options.rounds + 1):
            rates = {name: load(wrk, port, options.seconds, options.connections) for name, port in ports.items()}
            rounds.append(rates)
            say(f"round {number}", rates, [rates["mainspring"] / rates["by hand"]])
        medians = {name: statistics.median(rates[name] for rates in rounds) for name in SERVERS}
        say("median ", medians, [rates["mainspring"] / rates["by hand"] for rates in rounds])
    finally:
        for server in servers:
            server.send_signal(signal.SIGTERM)
        for server in servers:
            server.wait(timeout=PATIENCE)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of load, for each server in each round")
    parser.add_argument("--connections", type=int, default=32)
    return parser.parse_args()


def serve(target: str, port: int) -> "subprocess.Popen[bytes]":
    """One application on uvicorn, on the first processor."""
    command = [sys.executable, "-m", "uvicorn", target, "--app-dir", str(HERE), "--port", str(port)]
    quiet = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return subprocess.Popen([*pinned(0), *command, *quiet])


def load(wrk: str, port: int, seconds: int, connections: int) -> float:
    """Requests per second under ``wrk`` on the second processor; a run with a wrong answer does not count."""
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}/hello"]
    output = subprocess.run([*pinned(1), *command], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"The server answered wrongly:\n{output}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", output) or sys.exit(f"wrk said something else:\n{output}")
    return float(found[1])


def pinned(processor: int) -> list[str]:
    """The words before a command that keep it on one processor, where the system can and has two."""
    taskset = shutil.which("taskset")
    return [taskset, "-c", str(processor)] if taskset and (os.cpu_count() or 1) > 1 else []


def wait_for(port: int) -> None:
    """Until the server answers rightly."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/hello", timeout=5) as answer:
                body = answer.read()
                return None if body == b'{"message":"Hello, world"}' else sys.exit(f"A wrong answer: {body!r}")
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def say(title: str, rates: dict[str, float], ratios: list[float]) -> None:
    """One line of figures."""
    shown = "  ".join(f"{name} {rate:8.0f}/s" for name, rate in rates.items())
    spread = f" ({min(ratios):.3f}-{max(ratios):.3f})" if len(ratios) > 1 else ""
    sys.stdout.write(f"{title}  {shown}  ratio {statistics.median(ratios):.3f}{spread}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
