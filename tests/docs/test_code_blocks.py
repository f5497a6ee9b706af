"""Every block of code in the documentation and the README does what the page says.

`blocks.py` says what each language means, `running.py` runs a page.
"""

import os
from pathlib import Path

import pytest
from tests.docs.blocks import ROOT, blocks_of, pages
from tests.docs.running import Page, agrees

pytestmark = pytest.mark.timeout(600)  # seconds; the tutorial, with six processes, takes ten on a machine like ours

PAGES = [page for page in pages() if any(block.language != "text" for block in blocks_of(page))]


@pytest.fixture(autouse=True)
def _nothing_said_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says here is configuration of the applications on the pages, which print theirs."""
    for name in [name for name in os.environ if name.startswith("MAINSPRING_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run(page: Path, tmp_path: Path) -> None:
    with Page(page, tmp_path) as running:
        running.run()


def test_what_a_page_says_is_compared(tmp_path: Path) -> None:
    assert agrees('{"a": 1}\n', '{"a":1}')
    assert agrees("one ... three", "one two three\n")
    assert not agrees("one", "one two")
    assert not agrees('{"a": 1}', '{"a":2}')
