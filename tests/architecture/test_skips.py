"""In CI a missing service is a failure; see tests/conftest.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("ci", "summary"), [("", "3 skipped"), ("1", "1 failed, 1 skipped, 1 error")])
def test_a_missing_service_fails_in_ci(tmp_path, ci, summary):
    file = tmp_path / "test_services.py"
    file.write_text(
        "import pytest\n"
        "def test_in_the_body(): pytest.skip('needs PostgreSQL')\n"
        "@pytest.mark.skip(reason='needs NATS')\ndef test_by_mark(): ...\n"
        "def test_of_the_platform(): pytest.skip('no IPv6 here')\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", str(file)]
    environment = {**os.environ, "MAINSPRING_CI": ci}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert summary in done.stdout.splitlines()[-1], done.stdout
