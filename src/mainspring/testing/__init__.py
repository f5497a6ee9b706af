"""The test kit: an application under test, a client for it, anything overridden, a clock that stands, noted events."""

# The names are made by __getattr__; what they are to a type checker is in __init__.pyi.
# pyright: reportUnsupportedDunderAll=false

from mainspring.lazy import lazy_names

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "mainspring.testing.blocking": ("BlockingHarness",),
        "mainspring.testing.client": ("ClientMissingError",),
        "mainspring.testing.clock": ("FrozenClock",),
        "mainspring.testing.databases": ("rolled_back",),
        "mainspring.testing.events": ("CapturedEvent", "CapturedEvents", "capture_events"),
        "mainspring.testing.harnesses": ("Harness", "HarnessClosedError", "harness"),
    },
)
