"""Bytes for our listener, chosen by which of its lines they reach: nobody may see other requests than it does.

    python -m pip install atheris
    python bench/fuzz.py [folder of a corpus] [options of libFuzzer, such as -max_total_time=600 -jobs=2]

What ``tests/listener/test_differences.py`` does with mutations by chance, with coverage as a guide. The first two bytes
say where the rest is cut. A difference between the pieces and the whole, an answer that h11 cannot read as a client, or
a request that ``httptools`` or h11 sees otherwise ends it, and leaves the bytes in a file.
"""

import asyncio
import logging
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)  # not this folder, whose `http` would hide the one of the standard library

try:
    import atheris
except ImportError:
    sys.exit("This needs atheris: python -m pip install atheris")

with atheris.instrument_imports(include=["mainspring.listener"]):
    import mainspring.listener
    import mainspring.listener.heads  # noqa: F401 - read here, so that it is followed

from tests.listener.test_differences import BASES, BITS, H11, Httptools, ours, sees, strict_client  # noqa: E402

loop = asyncio.new_event_loop()


def one(given: bytes) -> None:
    """Try one stream."""
    cut, data = int.from_bytes(given[:2], "big"), given[2:]
    if data:
        loop.run_until_complete(compare(data, 1 + cut % len(data)))


async def compare(data: bytes, at: int) -> None:
    whole = await ours([data])
    assert await ours([data[:at], data[at:]] if at < len(data) else [data]) == whole, (data, at)
    assert await ours([data[at : at + 1] for at in range(len(data))]) == whole, data
    assert strict_client(whole) == whole.statuses, (data, whole)
    others = {"httptools": Httptools(data), "h11": H11(data)}
    agreed = [sees(name, other, data, whole) for name, other in others.items()]
    assert any(agreed) or is_rare(data), (data, whole, [other.found for other in others.values()])


def is_rare(data: bytes) -> bool:
    """Whether both may refuse it, each for a reason of its own."""
    return b"close" in data.lower() or b"chunked" in data.lower() or any(byte >= 0x7F for byte in data)


def main() -> None:
    logging.disable()
    corpus = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), None)
    if corpus is not None:
        folder = Path(corpus)
        folder.mkdir(exist_ok=True)
        for number, base in enumerate([*BASES, *(BASES[5] + bit for bit in BITS)]):
            (folder / f"base-{number}").write_bytes(b"\0\7" + base)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
