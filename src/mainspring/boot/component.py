"""The component that makes an application bootable from inside: the bootstrapper and the default booters."""

from typing import Any, ClassVar

from mainspring.boot.bootstrapper import Bootstrapper
from mainspring.boot.catalogue import DEFAULT_BOOTERS
from mainspring.boot.keys import BootBindings

__all__ = ["BootComponent"]


class BootComponent:
    """Binds the bootstrapper, and on a bootable application the default booters."""

    #: In the order in which they run.
    booters: ClassVar[tuple[Any, ...]] = DEFAULT_BOOTERS
    classes: ClassVar[dict[Any, type[Any]]] = {BootBindings.BOOTSTRAPPER_KEY: Bootstrapper}
