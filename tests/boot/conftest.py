"""Projects made of files, booted in this process or as a program of their own."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mainspring.boot import BootMixin
from mainspring.core import Application


class Project:
    """A folder of files.

    Attributes:
        root: The folder. No import path leads to it unless a test says so.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, text: str = "") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def app(self, *bases, config=None, **options):
        cls = type("TestedApp", (*bases, BootMixin, Application), {})
        app = cls(config)
        app.project_root = self.root
        app.boot_options = options
        return app

    def keys(self, app, namespace=""):
        """The keys an application sees below a namespace."""
        return [binding.key for binding in app.find() if binding.key.startswith(namespace)]

    def run(self, *arguments, cwd=None, env=None):
        """Run a program; what it printed, a line each."""
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=cwd or self.root,
            capture_output=True,
            text=True,
            env=env,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


@pytest.fixture
def project(tmp_path):
    before = set(sys.modules)
    yield Project(tmp_path / "project")
    for name in set(sys.modules) - before:
        if name.startswith("_mainspring_"):
            del sys.modules[name]
