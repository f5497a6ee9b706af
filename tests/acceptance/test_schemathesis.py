"""Schemathesis reads the running example's own document and finds nothing."""

import subprocess
import sys

import pytest

EXAMPLES = 25  # of each operation and phase: enough for the odd corners, in well under 90 seconds


@pytest.mark.timeout(300)
def test_schemathesis_finds_nothing(running, tmp_path):
    document = running.client.base_url.join("/openapi.json")
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(document), "--max-examples", str(EXAMPLES)]
    options = ["--seed", "20261121", "--workers", "1", "--no-color", "--generation-database", "none"]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, f"{done.stdout[-12000:]}\n{done.stderr[-2000:]}"
