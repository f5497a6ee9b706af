"""The site is built without a warning, every link inside it leads somewhere, and it is complete without a network."""

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from tests.docs.blocks import ROOT

pytest.importorskip("sphinx", reason="needs Sphinx, of the dependency group docs")
pytestmark = pytest.mark.timeout(600)  # seconds; it takes fifteen on a machine like ours

LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}
IN_STYLES = re.compile(r"""(?:url\(|@import)\s*['"]?((?:https?:)?//[^'")]+)""")


class Document(HTMLParser):
    """What a page links to, what it loads, and the anchors in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("id", "name"):
                self.anchors.add(value or "")
            elif tag == "a" and name == "href":
                self.links.append(value or "")
            elif (tag, name) in LOADED:
                self.loads.append(value or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "docs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=590)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return folder


@pytest.fixture(scope="module")
def documents(site: Path) -> dict[Path, Document]:
    return {page: Document(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}


def broken(documents: dict[Path, Document]) -> Iterator[str]:
    for page, document in documents.items():
        for link in document.links:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (page.parent / unquote(url.path)).resolve() if url.path else page
            if target not in documents:
                if not target.is_file():
                    yield f"{page.name}: {link}"
            elif unquote(url.fragment) not in documents[target].anchors:
                yield f"{page.name}: {link}"


def test_every_link_inside_the_site_leads_somewhere(documents: dict[Path, Document]) -> None:
    assert len(documents) > 20
    assert sorted(broken(documents)) == []


def test_nothing_is_loaded_from_a_network(site: Path, documents: dict[Path, Document]) -> None:
    loaded = [url for document in documents.values() for url in document.loads]
    styles = [match for file in site.rglob("*.css") for match in IN_STYLES.findall(file.read_text(encoding="utf-8"))]
    assert [url for url in loaded if urlsplit(url).netloc] + styles == []


def test_the_search_knows_the_pages(site: Path) -> None:
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert '"tutorial"' in index
    assert '"reference/context"' in index
