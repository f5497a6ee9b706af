"""The test kit: an application under test, a client for it, and anything overridden for a while."""

from mainspring.testing.client import ClientMissingError
from mainspring.testing.harness import Harness, HarnessClosedError, harness

__all__ = ["ClientMissingError", "Harness", "HarnessClosedError", "harness"]
