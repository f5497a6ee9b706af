"""Projects made on the spot, and the command line run on them."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest


class Project:
    """A folder with files, and ``mainspring`` run in it as a process of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
        return file

    def run(self, *arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mainspring.cli", *arguments],
            cwd=cwd or self.root,
            # A file that is written anew within a second, as long as before, would be taken for what was compiled.
            env={**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def clean_environment() -> dict[str, str]:
    """This process's environment without what would change an application's configuration."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAINSPRING_", "TODO_")) and name not in ("HOST", "PORT")
    }


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    return clean_environment()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "a project"
    root.mkdir()
    return Project(root)
