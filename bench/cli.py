"""What the command line costs: ``mainspring --help`` against a bare interpreter that imports ``click``.

Each is a process of its own, in turn; the figure is the least of all rounds, as what else the machine does only adds to
it. The help should take at most twice as long.
"""

import argparse
import subprocess
import sys
import time

CANDIDATES = {
    "import click": ["-c", "import click"],
    "mainspring --help": ["-m", "mainspring.cli", "--help"],
    "mainspring run --help": ["-m", "mainspring.cli", "run", "--help"],
}
HIGHEST = 2.0


def seconds(arguments: list[str]) -> float:
    """How long one process takes."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print; status 1 when the help takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    best = dict.fromkeys(CANDIDATES, float("inf"))
    for _ in range(rounds):
        for name, arguments in CANDIDATES.items():
            best[name] = min(best[name], seconds(arguments))
    base = best["import click"]
    for name, least in best.items():
        print(f"{name:24} {least * 1000:7.1f} ms  {least / base:5.2f} x")
    sys.exit(best["mainspring --help"] > HIGHEST * base)


if __name__ == "__main__":
    main()
