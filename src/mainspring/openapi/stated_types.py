"""Types that stand in hand-written schemas (``x-type``). The codecs, which check and coerce, know how to read them.

Checking and coercing come before the codecs, so the codecs put their function here instead of being imported there.
"""

from collections.abc import Callable
from typing import Any, ClassVar

__all__ = ["StatedTypes"]


class StatedTypes:
    """Where the codecs are found by what comes before them."""

    #: The codec of a type.
    codec_of: ClassVar[Callable[[Any], Any]]
