"""The test kit: an application under test, a client for it, anything overridden, a clock that stands, noted events."""

from mainspring.testing.blocking import BlockingHarness
from mainspring.testing.client import ClientMissingError
from mainspring.testing.clock import FrozenClock
from mainspring.testing.databases import rolled_back
from mainspring.testing.events import CapturedEvent, CapturedEvents, capture_events
from mainspring.testing.harnesses import Harness, HarnessClosedError, harness

__all__ = [
    "BlockingHarness",
    "CapturedEvent",
    "CapturedEvents",
    "ClientMissingError",
    "FrozenClock",
    "Harness",
    "HarnessClosedError",
    "capture_events",
    "harness",
    "rolled_back",
]
