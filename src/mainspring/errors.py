"""The root of every error that Mainspring raises by itself.

Each room has an `errors` module of its own whose classes hold data and make their words in ``__str__``.
"""

__all__ = ["MainspringError"]


class MainspringError(Exception):
    """The base of all errors of the framework: ``except MainspringError`` catches what is its own, nothing else.

    Remedy:
        Catch the subclass that you can do something about; this one is for reporting.
    """
