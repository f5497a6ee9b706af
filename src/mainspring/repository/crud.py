"""The repository: one entity class joined to one data source.

Data go in as instances or mappings and come out as instances of the entity class.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, Self, TypeVar, overload

from mainspring.repository.datasources import DataSource
from mainspring.repository.definitions import definition_of
from mainspring.repository.errors import EntityNotFoundError, ModelDefinitionError
from mainspring.repository.filters import Count, Query
from mainspring.repository.hooks import HookContext, Hooks
from mainspring.repository.including import InclusionResolver
from mainspring.repository.kinds import is_model_class
from mainspring.repository.models import Model
from mainspring.repository.paging import Page, PageQuery
from mainspring.repository.reading_rows import Reader
from mainspring.repository.relations import (
    BelongsToAccessor,
    HasManyRepositoryFactory,
    HasManyThroughRepositoryFactory,
    HasOneRepositoryFactory,
    ReferencesManyAccessor,
    make_belongs_to,
    make_has_one,
    make_through,
)
from mainspring.repository.relations.targets import Target
from mainspring.repository.transactions import Savepoint, Transaction
from mainspring.repository.wheres import conjunction
from mainspring.repository.writing_rows import Writer

__all__ = ["DefaultCrudRepository"]

E = TypeVar("E", bound=Model)
Id = TypeVar("Id")
T = TypeVar("T")

#: What data and filters may be.
Data = Mapping[str, object] | Model
AnyFilter = Mapping[str, object] | None


class DefaultCrudRepository(Generic[E, Id]):
    """Create, read, update and delete instances of an entity class.

    Every method that touches data takes ``transaction=``: a transaction it takes part in, or ``False`` to stay out of
    the one the task is in. Conditions of the model's default scope apply unless ``unscoped=True``. Where a data source
    has replicas, they answer reads outside of transactions unless ``primary=True``.

    Args:
        entity: The entity class.
        datasource: Where its rows are.

    Raises:
        ModelDefinitionError: The entity is no model class.

    Attributes:
        entity: The entity class.
        datasource: The data source.
        inclusion_resolvers: The relations that ``include`` may name, and what fetches them.
    """

    def __init__(self, entity: type[E], datasource: DataSource) -> None:
        if not is_model_class(entity):
            name = getattr(entity, "__name__", repr(entity))
            raise ModelDefinitionError(name, None, "a repository needs a model class, a subclass of Entity")
        self.entity: type[E] = entity
        self.datasource = datasource
        self.inclusion_resolvers: dict[str, InclusionResolver] = {}
        self._hooks = Hooks(self)
        self._reader = Reader(entity, datasource, self.inclusion_resolvers, self._hooks)
        self._writer = Writer(self._reader, self._hooks)
        datasource.attach(entity)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {definition_of(self.entity).name} in {self.datasource.name!r}>"

    # Create

    async def create(self, data: E | Data, *, transaction: Any = None) -> E:
        """Insert one row; gives a new instance with id and defaults.

        Raises:
            ModelValidationError: The data do not fit.
            UniqueViolationError: Another row has these values.
        """
        created: E = await self._writer.create(data, transaction)
        return created

    async def create_all(self, data: Iterable[E | Data], *, transaction: Any = None) -> list[E]:
        """Insert all rows or none; gives new instances in the same order."""
        return await self._writer.create_all(data, transaction)

    async def save(self, entity: E | Data, *, transaction: Any = None) -> E:
        """Create an instance without id, update one with an id; gives the stored instance.

        Raises:
            EntityNotFoundError: The generated id does not exist.
            StaleEntityError: It was changed meanwhile.
        """
        saved: E = await self._writer.save(entity, transaction)
        return saved

    async def upsert(self, data: E | Data, on: str | Iterable[str] | None = None, *, transaction: Any = None) -> E:
        """Insert a row, or update the one that has the same id (or values of unique properties), in one statement.

        Args:
            data: The data.
            on: The unique properties; the id without them.
            transaction: See the class.
        """
        names = [on] if isinstance(on, str) else on
        stored: E = await self._writer.upsert(data, names, transaction)
        return stored

    # Read

    def _at(self, transaction: Any, primary: bool) -> Any:
        return self.datasource.at_primary(transaction) if primary else transaction

    async def find(
        self, filter: AnyFilter = None, *, transaction: Any = None, unscoped: bool = False, primary: bool = False
    ) -> list[E]:
        """The instances that a filter selects, in its order or that of the ids.

        Raises:
            InvalidFilterError: Something in the filter cannot be answered.
        """
        return await self._reader.find(self._reader.query(filter, unscoped=unscoped), self._at(transaction, primary))

    async def find_one(
        self, filter: AnyFilter = None, *, transaction: Any = None, unscoped: bool = False, primary: bool = False
    ) -> E | None:
        """The first instance that a filter selects, or ``None``."""
        found: E | None = await self._reader.first(
            self._reader.query(_without_limit(filter), unscoped=unscoped), self._at(transaction, primary)
        )
        return found

    async def find_by_id(
        self,
        id: Id,
        filter: AnyFilter = None,
        *,
        transaction: Any = None,
        unscoped: bool = False,
        primary: bool = False,
    ) -> E:
        """The instance with an id; the filter may have ``fields``, ``include`` and a ``where`` it has to match as well.

        Raises:
            EntityNotFoundError: There is none.
        """
        query = self._reader.query(_without_limit(filter), unscoped=unscoped)
        where = conjunction(self._reader.where_id(id, unscoped=True), query.where)
        found: E | None = await self._reader.first(replace(query, where=where), self._at(transaction, primary))
        if found is None:
            raise EntityNotFoundError(self.entity, id)
        return found

    async def count(
        self, where: AnyFilter = None, *, transaction: Any = None, unscoped: bool = False, primary: bool = False
    ) -> Count:
        """How many rows match."""
        return Count(
            await self._reader.count(self._reader.where(where, unscoped=unscoped), self._at(transaction, primary))
        )

    async def exists(self, id: Id, *, transaction: Any = None, unscoped: bool = False, primary: bool = False) -> bool:
        """Whether there is a row with an id."""
        return await self._reader.exists(self._reader.where_id(id, unscoped=unscoped), self._at(transaction, primary))

    def stream(
        self,
        filter: AnyFilter = None,
        batch_size: int = 500,
        *,
        transaction: Any = None,
        unscoped: bool = False,
        primary: bool = False,
    ) -> AsyncIterator[E]:
        """The instances that a filter selects, one by one, fetched in batches.

        Args:
            filter: The filter.
            batch_size: How many rows are fetched at a time.
            transaction: See the class.
            unscoped: Whether the model's scope is left out.

        Raises:
            ValueError: The size of a batch is no number of rows.
        """
        if type(batch_size) is not int or batch_size < 1:
            raise ValueError(f"batch_size is an integer from 1 on, not {batch_size!r}.")
        return self._reader.stream(
            self._reader.query(filter, unscoped=unscoped), self._at(transaction, primary), batch_size
        )

    async def find_page(
        self,
        filter: AnyFilter = None,
        *,
        limit: int,
        after: str | None = None,
        before: str | None = None,
        transaction: Any = None,
        primary: bool = False,
    ) -> Page[E]:
        """One page of the rows, by the filter's order and the id; pages do not shift when rows come or go before them.

        Args:
            filter: The filter, without ``limit`` and ``skip``.
            limit: The most rows.
            after: ``next`` of another page.
            before: ``previous`` of another page.
            transaction: See the class.

        Raises:
            InvalidFilterError: The cursor is not one of this filter.
        """
        query = replace(self._reader.query(_without_limit(filter)), limit=None)
        wanted = PageQuery(definition_of(self.entity), query, limit=limit, after=after, before=before)
        return wanted.page(await self._reader.find(wanted.query, self._at(transaction, primary)))

    # Update

    async def update(self, entity: E | Data, *, transaction: Any = None) -> None:
        """Write the set properties of an instance.

        Raises:
            EntityNotFoundError: Its row is not there.
            StaleEntityError: It was changed meanwhile.
        """
        await self._writer.update(entity, transaction)

    async def update_by_id(self, id: Id, data: E | Data, *, transaction: Any = None) -> None:
        """Change the given properties of one row.

        Raises:
            EntityNotFoundError: There is no such row.
            ModelValidationError: The data do not fit, or would change the id.
        """
        await self._writer.update_by_id(id, data, transaction)

    async def replace_by_id(self, id: Id, data: E | Data, *, transaction: Any = None) -> None:
        """Replace one row: what is not given becomes its default or null.

        Raises:
            EntityNotFoundError: There is no such row.
            ModelValidationError: The data do not fit, or would change the id.
        """
        await self._writer.update_by_id(id, data, transaction, replace=True)

    async def update_all(
        self, data: E | Data, where: AnyFilter = None, *, transaction: Any = None, unscoped: bool = False
    ) -> Count:
        """Set values in every row that matches; without ``where`` in all rows."""
        return Count(await self._writer.update_all(data, where, transaction, unscoped=unscoped))

    # Delete

    async def delete(self, entity: E | Data, *, transaction: Any = None) -> None:
        """Delete the row of an instance.

        Raises:
            EntityNotFoundError: It is not there.
        """
        await self._writer.delete(entity, transaction)

    async def delete_by_id(self, id: Id, *, transaction: Any = None) -> None:
        """Delete one row.

        Raises:
            EntityNotFoundError: There is no such row.
        """
        await self._writer.delete_by_id(id, transaction)

    async def delete_all(self, where: AnyFilter = None, *, transaction: Any = None, unscoped: bool = False) -> Count:
        """Delete every row that matches; without ``where`` all rows."""
        return Count(await self._writer.delete_all(where, transaction, unscoped=unscoped))

    # The data source's own language, transactions, hooks

    async def execute(
        self, command: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None, *, transaction: Any = None
    ) -> Any:
        """Run one command of the data source, parameters bound: rows as dictionaries, or a ``Count``."""
        return await self.datasource.execute(command, parameters, transaction)

    def begin_transaction(
        self, isolation_level: str | None = None, *, timeout: float | None = None, read_only: bool = False
    ) -> Transaction | Savepoint:
        """A transaction of the data source, for ``async with`` or ``await``."""
        return self.datasource.begin_transaction(isolation_level, timeout=timeout, read_only=read_only)

    def on(self, event: str, listener: Callable[[HookContext], Any]) -> Self:
        """Call a function around what this repository does.

        Args:
            event: ``before_save, after_save, before_delete, after_delete`` or ``load``.
            listener: Gets a `HookContext`; plain or ``async``.

        Raises:
            ValueError: There is no such event.
        """
        self._hooks.on(event, listener)
        return self

    # Relations

    def register_inclusion_resolver(self, relation: str, resolver: InclusionResolver) -> None:
        """Make a relation includable: the resolver gives one result per instance, in order."""
        self.inclusion_resolvers[relation] = resolver

    @overload
    def create_has_many_repository_factory_for(
        self, relation: str, target: Target[T]
    ) -> HasManyRepositoryFactory[T]: ...
    @overload
    def create_has_many_repository_factory_for(self, relation: str, target: Any) -> HasManyRepositoryFactory[Any]: ...
    def create_has_many_repository_factory_for(self, relation: str, target: Any) -> HasManyRepositoryFactory[Any]:
        """What gives the view of one source's rows.

        Args:
            relation: The relation's name.
            target: The target's repository, or a plain or ``async`` callable that gives it; for a polymorphic
                relation a mapping of the models' names to such.

        Raises:
            InvalidRelationError: The relation cannot work.
        """
        return HasManyRepositoryFactory(self, relation, target)

    @overload
    def create_has_one_repository_factory_for(self, relation: str, target: Target[T]) -> HasOneRepositoryFactory[T]: ...
    @overload
    def create_has_one_repository_factory_for(self, relation: str, target: Any) -> HasOneRepositoryFactory[Any]: ...
    def create_has_one_repository_factory_for(self, relation: str, target: Any) -> HasOneRepositoryFactory[Any]:
        """What gives the view of one source's row; as for has-many."""
        return make_has_one(self, relation, target)

    @overload
    def create_has_many_through_repository_factory_for(
        self, relation: str, target: Target[T], through: Any
    ) -> HasManyThroughRepositoryFactory[T]: ...
    @overload
    def create_has_many_through_repository_factory_for(
        self, relation: str, target: Any, through: Any
    ) -> HasManyThroughRepositoryFactory[Any]: ...
    def create_has_many_through_repository_factory_for(
        self, relation: str, target: Any, through: Any
    ) -> HasManyThroughRepositoryFactory[Any]:
        """What gives the view of the rows that links lead to; as for has-many."""
        return make_through(self, relation, target, through)

    @overload
    def create_belongs_to_accessor_for(self, relation: str, target: Target[T]) -> BelongsToAccessor[T]: ...
    @overload
    def create_belongs_to_accessor_for(self, relation: str, target: Any) -> BelongsToAccessor[Any]: ...
    def create_belongs_to_accessor_for(self, relation: str, target: Any) -> BelongsToAccessor[Any]:
        """What gives the row that a source belongs to; as for has-many."""
        return make_belongs_to(self, relation, target)

    @overload
    def create_references_many_accessor_for(self, relation: str, target: Target[T]) -> ReferencesManyAccessor[T]: ...
    @overload
    def create_references_many_accessor_for(self, relation: str, target: Any) -> ReferencesManyAccessor[Any]: ...
    def create_references_many_accessor_for(self, relation: str, target: Any) -> ReferencesManyAccessor[Any]:
        """What gives the rows that a source lists; as for has-many."""
        return ReferencesManyAccessor(self, relation, target)

    def inclusion_query(self, include: Sequence[Any]) -> Query:
        """The checked query of an ``include`` alone.

        Raises:
            InvalidFilterError: A relation cannot be included.
        """
        return self._reader.query({"include": include}, unscoped=True)


def _without_limit(filter: Any) -> Any:
    """A single row is wanted: a limit that was given is replaced, whatever it says."""
    if isinstance(filter, Mapping) and "limit" in filter:
        return {key: value for key, value in filter.items() if key != "limit"}
    return filter
