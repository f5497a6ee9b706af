"""The mixin that gives an application models, data sources and repositories. It stands before the application class."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from mainspring.context import Binding, BindingScope, create_binding_from_class
from mainspring.core import CoreTags
from mainspring.core.components import contributed_classes
from mainspring.repository.datasources import DataSource
from mainspring.repository.injection import repository_key
from mainspring.repository.keys import RepositoryBindings, RepositoryTags

__all__ = ["RepositoryMixin", "sources_of"]

R = TypeVar("R")

_SCHEMA_WAYS = {"alter": "autoupdate", "drop": "automigrate"}


class RepositoryMixin:
    """Adds ``model``, ``datasource``, ``repository``: ``class MyApp(RepositoryMixin, Application)``.

    Components may list ``models``, ``repositories`` and ``datasources``: they are bound by these methods.
    """

    def model(self, cls: type[Any]) -> Binding[Any]:
        """Bind a model class itself at ``models.<name>``.

        Raises:
            TypeError: It is no class.
        """
        if not isinstance(cls, type):
            raise TypeError(f"A model is a class, not {cls!r}.")
        binding: Binding[Any] = Binding(f"{RepositoryBindings.MODELS}.{cls.__name__}")
        return self._added(binding.to(cls).tag(RepositoryTags.MODEL))

    def datasource(
        self,
        source: type[Any] | DataSource,
        name: str | Mapping[str, Any] | None = None,
        *,
        namespace: str | None = None,
    ) -> Binding[Any]:
        """Bind a data source at ``datasources.<name>``, connected and disconnected with the application.

        Args:
            source: A class (made by the container, once) or an instance.
            name: Its name, else its ``datasource_name``, an instance's ``name``, the class's name; or a mapping with
                ``name`` and ``namespace``.
            namespace: Instead of ``datasources``.

        Raises:
            TypeError: It is neither.
        """
        if isinstance(name, Mapping):
            return self.datasource(source, name.get("name"), namespace=name.get("namespace", namespace))
        space = namespace or RepositoryBindings.DATASOURCES
        if isinstance(source, type):
            given = name or getattr(source, "datasource_name", None)
            binding = create_binding_from_class(
                source,
                name=given,
                namespace=space,
                type=RepositoryTags.DATASOURCE,
                default_scope=BindingScope.SINGLETON,
            )
        elif isinstance(source, DataSource):
            binding = Binding(f"{space}.{name or type(source).datasource_name or source.name}")
            binding.to(source).tag(RepositoryTags.DATASOURCE).in_scope(BindingScope.SINGLETON)
            binding.provides(type(source))
        else:
            raise TypeError(f"A data source is a class or an instance of DataSource, not {source!r}.")
        return self._added(binding.tag(CoreTags.LIFE_CYCLE_OBSERVER))

    def repository(self, cls: type[Any], name: str | None = None, **options: Any) -> Binding[Any]:
        """Bind a repository class at ``repositories.<name>``.

        Args:
            cls: The class (or a provider of one).
            name: Its name, else the class's.
            options: ``namespace`` and ``key`` of ``create_binding_from_class``.
        """
        options.setdefault("namespace", RepositoryBindings.REPOSITORIES)
        return self._added(create_binding_from_class(cls, name=name, type=RepositoryTags.REPOSITORY, **options))

    async def get_repository(self, cls: type[R]) -> R:
        """The repository bound for a class.

        Raises:
            KeyNotBoundError: None is bound.
        """
        context: Any = self
        found: R = await context.get(repository_key(context, cls))
        return found

    async def migrate_schema(
        self, existing_schema: str = "alter", models: Iterable[Any] | None = None, *, dry_run: bool = False
    ) -> list[Any]:
        """Bring the schema of every bound data source to what the models say.

        Every bound repository is made first, so that its model is known to its data source.

        Args:
            existing_schema: ``alter`` adds what is missing and keeps data; ``drop`` makes the tables anew.
            models: Model classes or names; all without it.
            dry_run: Only say what would be done.

        Returns:
            The operations that were (or would be) carried out, of all data sources.

        Raises:
            ValueError: ``existing_schema`` is neither; nothing is touched.
        """
        if existing_schema not in _SCHEMA_WAYS:
            raise ValueError(f"existing_schema is 'alter' or 'drop', not {existing_schema!r}.")
        wanted = None if models is None else list(models)
        operations: list[Any] = []
        for source in await sources_of(self):
            migrate = getattr(source, _SCHEMA_WAYS[existing_schema], None)
            mine = _attached(source, wanted)
            if migrate is not None and (mine is None or mine):
                operations.extend(await migrate(mine, dry_run=dry_run) or ())
        return operations

    def mount_component(self, component: Any, binding: Binding[Any]) -> None:
        """Bind what a component lists as models, repositories and data sources."""
        parent: Any = super()
        parent.mount_component(component, binding)
        for cls in contributed_classes(component, "models"):
            self.model(cls)
        for cls in contributed_classes(component, "repositories"):
            self.repository(cls)
        for source in getattr(component, "datasources", None) or ():
            self.datasource(source)

    def _added(self, binding: Binding[Any]) -> Binding[Any]:
        context: Any = self
        context.add(binding)
        return binding


async def sources_of(context: Any) -> list[Any]:
    """The data sources bound in an application; every bound repository was made, so that its model is attached."""
    for binding in context.find_by_tag(RepositoryTags.REPOSITORY):
        await context.resolve_binding(binding)
    return [await context.resolve_binding(binding) for binding in context.find_by_tag(RepositoryTags.DATASOURCE)]


def _attached(source: Any, wanted: list[Any] | None) -> list[Any] | None:
    """Those of the wanted models that belong to the data source; ``None`` for all of them."""
    if wanted is None:
        return None
    names = {each if isinstance(each, str) else each.__name__ for each in wanted}
    return [model for model in getattr(source, "models", ()) if {model.__name__, str(model.model_name)} & names]
