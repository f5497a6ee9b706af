"""Schemathesis reads the running examples' own documents and finds nothing, in whatever folder of ``examples/``."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.acceptance.conftest import ROOT, Service

EXAMPLES = sorted(file.parent.name for file in (ROOT / "examples").glob("*/pyproject.toml"))
CASES = 25  # of each operation and phase: enough for the odd corners, in well under 90 seconds
#: Checks that an example does not stand yet, because of what its document leaves out; a new example stands all of them.
LEFT = {
    "event-server": ["status_code_conformance"],  # errors are not declared
    "multi-app": ["status_code_conformance", "positive_data_acceptance"],  # nor that a product must be there
    "rest-crud": [
        "positive_data_acceptance",  # filters, conditions and bodies are described more widely than they are taken
        "negative_data_rejection",
        "unsupported_method",  # PUT /products/count is that of the product "count": 400, and OPTIONS tells so
        "allow_header_conformance",
    ],
    "todo-list": [
        "status_code_conformance",
        "positive_data_acceptance",
        "unsupported_method",
        "allow_header_conformance",
        "response_schema_conformance",  # an image that is not there is null, and the document does not say so
        "use_after_free",  # PATCH of the children of a list that is gone gives a count of nothing
        "ensure_resource_availability",  # an item may name a list that does not exist
    ],
}
#: For servers of an example's own, as its settings call them: free ports.
ENVIRONMENT = {"MAINSPRING_EVENTS_PORT": "0", "MAINSPRING_EVENTS_JOURNAL": ""}


def test_there_are_examples():
    assert len(EXAMPLES) >= 3


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", EXAMPLES)
def test_schemathesis_finds_nothing(name, tmp_path):
    """All checks, positive and negative data, and operations one after the other where the document links them."""
    copy = tmp_path / "example" / name  # what it writes stays out of the repository
    shutil.copytree(ROOT / "examples" / name, copy, ignore=shutil.ignore_patterns("__pycache__", "*.db*"))
    service = Service(tmp_path / "data.db", copy)
    service.environment = ENVIRONMENT
    service.process = service.spawn()
    try:
        service.wait_until(lambda _: "servers.RestServer" in service.addresses)
        done = run(f"{service.addresses['servers.RestServer']}/openapi.json", tmp_path, LEFT.get(name, []))
    finally:
        service.kill()
    assert done.returncode == 0, f"{done.stdout[-12000:]}\n{done.stderr[-2000:]}"


def run(document: str, folder: Path, left: list[str]) -> "subprocess.CompletedProcess[str]":
    """Schemathesis on a document, the same cases every time."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", document, "--max-examples", str(CASES)]
    excluded = ["--exclude-checks", ",".join(left)] if left else []
    options = [*excluded, "--checks", "all", "--mode", "all", "--phases", "examples,coverage,fuzzing,stateful"]
    quiet = ["--seed", "20261121", "--workers", "1", "--no-color", "--generation-database", "none"]
    return subprocess.run(
        [*command, *options, *quiet], cwd=folder, capture_output=True, text=True, timeout=280, check=False
    )
