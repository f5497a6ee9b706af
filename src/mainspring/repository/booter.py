"""The booters of this room: models, repositories and data sources, found by convention."""

import warnings
from typing import Any

from mainspring.boot.artifacts import ApplicationArtifactBooter
from mainspring.boot.declaring import booter
from mainspring.boot.options import DATASOURCE_DEFAULTS, MODEL_DEFAULTS, REPOSITORY_DEFAULTS
from mainspring.repository.datasources import DataSource
from mainspring.repository.models import Model

__all__ = ["DataSourceBooter", "ModelBooter", "RepositoryBooter"]


class _RepositoryRoomBooter(ApplicationArtifactBooter):
    """Binds through a method that only an application with ``RepositoryMixin`` has."""

    async def _bind(self, method: str, classes: list[type[Any]]) -> None:
        register = getattr(self.app, method, None)
        if register is None and classes:
            warnings.warn(
                f"{type(self).__name__} found {', '.join(cls.__name__ for cls in classes)}, but the application has no "
                f"app.{method}(): add RepositoryMixin to its bases.",
                RuntimeWarning,
                stacklevel=2,
            )
        elif register is not None:
            for cls in classes:
                register(cls)


@booter("models")
class ModelBooter(_RepositoryRoomBooter):
    """Binds each model in ``models/**/*_model.py`` by ``app.model``; other classes are skipped."""

    defaults = MODEL_DEFAULTS

    async def load(self) -> None:
        """Bind what was found."""
        await super().load()
        await self._bind("model", [cls for cls in self.classes if issubclass(cls, Model)])


@booter("repositories")
class RepositoryBooter(_RepositoryRoomBooter):
    """Binds each class in ``repositories/**/*_repository.py`` by ``app.repository``."""

    defaults = REPOSITORY_DEFAULTS

    async def load(self) -> None:
        """Bind what was found."""
        await super().load()
        await self._bind("repository", self.classes)


@booter("datasources")
class DataSourceBooter(_RepositoryRoomBooter):
    """Binds each data source in ``datasources/**/*_datasource.py`` by ``app.datasource``, which decides its name."""

    defaults = DATASOURCE_DEFAULTS

    async def load(self) -> None:
        """Bind what was found."""
        await super().load()
        await self._bind("datasource", [cls for cls in self.classes if issubclass(cls, DataSource)])
