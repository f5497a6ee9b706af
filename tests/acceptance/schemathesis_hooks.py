"""What Schemathesis must not take for a failure: data that fit a document which could not say more, and are refused.

Loaded by Schemathesis itself, in its own process.
"""

from typing import Any

import schemathesis

__all__ = ["filter_failure"]

#: Of models' own checks, and of the city in examples/validation: what JSON Schema has no words for.
RULES = {"value_error", "licence"}


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether a failure counts."""
    if response.status_code == 414:
        return False  # there are limits for every part of a filter, but none for how long all of them make a URL
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    if "None" in map(str, (case.path_parameters or {}).values()):
        return False  # a link by a foreign key that is null, which Schemathesis writes into the path as it is
    return not (is_slow_pattern(response) or is_rule(response))


def is_slow_pattern(response: Any) -> bool:
    """A regular expression that could keep a database busy for hours: no pattern for patterns tells that."""
    detail = response.json().get("detail", "") if response.status_code == 400 else ""
    return detail.startswith("The pattern of ") and "could take too long" in detail


def is_rule(response: Any) -> bool:
    """Whether rules alone are violated."""
    entries = response.json().get("errors") if response.status_code == 422 else None
    return bool(entries) and {entry["code"] for entry in entries} <= RULES
