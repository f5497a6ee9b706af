"""Schemathesis reads the running examples' own documents and finds nothing, in whatever folder of ``examples/``."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.acceptance.conftest import ROOT, Service

EXAMPLES = sorted(file.parent.name for file in (ROOT / "examples").glob("*/pyproject.toml"))
SEED = "20261121"
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
#: The systematic cases of a condition are some three thousand for each operation that takes one, nearly all of them the
#: same for every model. So one operation gets them, unless this is set; the others get random ones.
IS_THOROUGH = bool(os.environ.get("MAINSPRING_THOROUGH"))
PATIENCE = 1800 if IS_THOROUGH else 600
CASES = 25 if IS_THOROUGH else 8  # of each operation and phase
#: For servers of an example's own, as its settings call them: free ports.
ENVIRONMENT = {"event-server": {"MAINSPRING_EVENTS_PORT": "0", "MAINSPRING_EVENTS_JOURNAL": ""}}
#: What lets requests in.
HEADERS = {"multi-tenancy": ["X-Tenant: acme"]}


def test_there_are_examples():
    assert len(EXAMPLES) >= 3


@pytest.mark.timeout(2 * PATIENCE + 60)
@pytest.mark.parametrize("name", EXAMPLES)
def test_schemathesis_finds_nothing(name, tmp_path):
    """All checks, positive and negative data, and operations one after the other where the document links them."""
    copy = tmp_path / "example" / name  # what it writes stays out of the repository
    shutil.copytree(ROOT / "examples" / name, copy, ignore=shutil.ignore_patterns("__pycache__", "*.db*"))
    service = Service(tmp_path / "data.db", copy)
    service.environment = ENVIRONMENT.get(name, {})
    service.process = service.spawn()
    try:
        service.wait_until(lambda _: "servers.RestServer" in service.addresses)
        document = f"{service.addresses['servers.RestServer']}/openapi.json"
        options = [f"--header={each}" for each in HEADERS.get(name, ())]
        random = run(document, tmp_path, "examples,fuzzing,stateful", *options)
        left = [] if IS_THOROUGH else conditional(httpx.get(document).json())[1:]
        systematic = run(document, tmp_path, "coverage", *options, *(f"--exclude-name={each}" for each in left))
    finally:
        service.kill()
    for done in (random, systematic):
        assert done.returncode == 0, f"{done.stdout[-12000:]}\n{done.stderr[-2000:]}"


def conditional(document: dict) -> list[str]:
    """The operations that take a condition, the one that takes nothing else first."""
    found = [
        (len(operation["parameters"]) + ("requestBody" in operation) + (parameter["name"] == "filter"), verb, path)
        for path, operations in document["paths"].items()
        for verb, operation in operations.items()
        for parameter in operation.get("parameters", ())
        if parameter["name"] in ("where", "filter")
    ]
    return [f"{verb.upper()} {path}" for _, verb, path in sorted(found)]


def run(document: str, folder: Path, phases: str, *more: str) -> "subprocess.CompletedProcess[str]":
    """Schemathesis on a document, the same cases every time."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", document, "--max-examples", str(CASES)]
    options = ["--checks", "all", "--mode", "all", "--phases", phases, *more]
    # How long data take to make says nothing about what is tested.
    quiet = [
        "--suppress-health-check",
        "all",
        "--seed",
        SEED,
        "--workers",
        "1",
        "--no-color",
        "--generation-database",
        "none",
    ]
    return subprocess.run(
        [*command, *options, *quiet],
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
