"""Keys and tags of booting. The values are part of the behaviour."""

from typing import Any

from mainspring.context import BindingKey

__all__ = ["ARTIFACT_NAMESPACE", "BOOTER_PHASES", "BootBindings", "BootTags"]

#: The phases of a boot, in order.
BOOTER_PHASES = ("configure", "discover", "load")

#: The tag that names the entry of the boot options a booter's ``config()`` is.
ARTIFACT_NAMESPACE = "artifact_namespace"


class BootBindings:
    """Typed keys and namespaces."""

    #: The folder that artifact paths are relative to.
    PROJECT_ROOT: BindingKey[Any] = BindingKey("boot.project_root")
    #: Options by artifact namespace.
    BOOT_OPTIONS: BindingKey[Any] = BindingKey("boot.options")
    #: The bootstrapper of an application.
    BOOTSTRAPPER_KEY: BindingKey[Any] = BindingKey("application.bootstrapper")

    BOOTERS = "booters"


class BootTags:
    """Names of tags."""

    BOOTER = "booter"
