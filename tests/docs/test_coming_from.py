"""What the tables for people from other frameworks promise is there."""

import re

import pytest
from tests.docs.blocks import ROOT

from mainspring import BootMixin, RepositoryMixin, RequestContext, RestApplication, rest
from mainspring.rest import inject, param

PAGES = [page for page in sorted((ROOT / "docs/coming-from").glob("*.md")) if page.stem != "index"]
NAMED = re.compile(r"\b(app|ctx|inject|param|rest)\.(\w+)")


class App(BootMixin, RepositoryMixin, RestApplication):
    """Everything that tables call ``app``."""


OWNERS = {"app": App, "ctx": RequestContext, "inject": inject, "param": param, "rest": rest}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_names_of_the_table_are_there(page) -> None:
    rows = re.findall(r"^\|.+?\| (.+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    named = {found for row in rows for found in NAMED.findall(row)}
    assert len(named) > 2
    assert [f"{owner}.{name}" for owner, name in sorted(named) if not hasattr(OWNERS[owner], name)] == []
