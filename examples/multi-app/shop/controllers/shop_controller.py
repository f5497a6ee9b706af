"""The start page, and where the parts come from."""

from typing import Annotated, Any

from mainspring import Context, inject, rest
from mainspring.core import CoreBindings

__all__ = ["ShopController"]


class ShopController:
    """What belongs to the whole."""

    def __init__(self, application: Annotated[Context, inject(CoreBindings.APPLICATION_INSTANCE)]) -> None:
        self.application = application

    @rest.get("/")
    def parts(self) -> dict[str, str]:
        """The artifacts of the application, each with the module it comes from."""
        found = self.application.find(lambda binding: is_artifact(binding.source and binding.source.value))
        return {binding.key: binding.source.value.__module__ for binding in found if binding.source}


def is_artifact(value: Any) -> bool:
    """Whether it is a class of one of the applications here."""
    return isinstance(value, type) and value.__module__.split(".")[0] in ("shop", "catalogue", "orders", "sale")
