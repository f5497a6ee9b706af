"""What holds for all tests.

A service that is missing skips its tests at home and fails them in CI: such a test says
``pytest.skip("needs PostgreSQL ...")``; other reasons (a platform without Unix sockets) stay skips.
"""

import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

# The same examples every time: what fails in CI fails at home. HYPOTHESIS_PROFILE=explore looks for new ones.
# No deadline for an example: how long one takes says how busy the machine is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Turn the skip of a missing service into a failure where all of them should be there."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and os.environ.get("MAINSPRING_CI"):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if reason.startswith("needs "):
            report.outcome, report.longrepr = "failed", f"{item.nodeid} must not be skipped here: it {reason}"
    return report
