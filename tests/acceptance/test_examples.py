"""Every example passes the tests that it brings, run as its README says: by pytest in its folder."""

import os
import subprocess
import sys

import pytest
from tests.acceptance.conftest import ROOT

TESTED = sorted(folder.parent for folder in (ROOT / "examples").glob("*/tests"))


def test_there_are_examples_with_tests():
    assert TESTED


@pytest.mark.timeout(600)  # a loaded machine takes long for a process and its tests
@pytest.mark.parametrize("folder", TESTED, ids=lambda folder: folder.name)
def test_an_example_passes_its_own_tests(folder):
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("MAINSPRING_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=keep, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
