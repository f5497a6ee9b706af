"""What an application mounts to have files in ``model_endpoints`` served."""

from mainspring.boot.model_api import MODEL_API_BUILDER_PLUGINS
from mainspring.crud.builder import CrudRestApiBuilder

__all__ = ["CrudRestComponent"]


class CrudRestComponent:
    """Contributes the builder of the pattern ``CrudRest``: ``app.component(CrudRestComponent)``."""

    def __init__(self) -> None:
        self.classes = {f"{MODEL_API_BUILDER_PLUGINS}.{CrudRestApiBuilder.__name__}": CrudRestApiBuilder}
