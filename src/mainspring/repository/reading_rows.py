"""The reading half of a repository: find, count, exists, stream."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from mainspring.repository.conditions import Condition
from mainspring.repository.connectors import CrudConnector
from mainspring.repository.definitions import definition_of
from mainspring.repository.errors import UnsupportedOperationError
from mainspring.repository.filters import Query, query_of, scoped
from mainspring.repository.hooks import HookContext, Hooks
from mainspring.repository.identity import checked_id
from mainspring.repository.including import (
    InclusionResolver,
    check_inclusions,
    check_scopes,
    include_related,
    with_keys,
    without_keys,
)
from mainspring.repository.pruning import prune
from mainspring.repository.wheres import condition, conjunction

__all__ = ["Reader"]


class Reader:
    """Reads rows of one entity.

    Args:
        entity: The entity class.
        datasource: Where the rows are.
        resolvers: The inclusion resolvers, by relation.
        hooks: The repository's hooks.
    """

    def __init__(self, entity: Any, datasource: Any, resolvers: Mapping[str, InclusionResolver], hooks: Hooks) -> None:
        self.entity, self.datasource = entity, datasource
        self._resolvers, self._hooks = resolvers, hooks
        self._connector: Any = None

    async def crud(self) -> CrudConnector:
        """The connected connector.

        Raises:
            UnsupportedOperationError: It does not keep rows.
        """
        connector = await self.datasource.ready()
        if connector is not self._connector:
            if not isinstance(connector, CrudConnector):
                raise UnsupportedOperationError.of(self.datasource.name, "repositories of models")
            connector.attach(definition_of(self.entity))
            self._connector = connector
        return self._connector  # type: ignore[no-any-return]  # checked when it was set

    def query(self, filter: Any, *, unscoped: bool = False) -> Query:
        """The checked filter.

        Raises:
            InvalidFilterError: Something in it cannot be answered.
        """
        definition = definition_of(self.entity)
        effective = filter if unscoped else scoped(definition, filter)
        query = query_of(definition, effective)
        if query.include:
            check_inclusions(definition, query, self._resolvers, effective)
        return query

    def where(self, where: Any, *, unscoped: bool = False) -> Condition | None:
        """The checked condition, the model's scope included.

        Raises:
            InvalidFilterError: Something in it cannot be answered.
        """
        definition = definition_of(self.entity)
        own = condition(definition, where)
        scope = None if unscoped else (definition.settings.get("scope") or {}).get("where")
        return own if scope is None else conjunction(condition(definition, scope), own)

    def where_id(self, id: Any, *, unscoped: bool = False) -> Condition:
        """The condition of one row.

        Raises:
            ModelValidationError: It is no id.
        """
        found = self.where(checked_id(definition_of(self.entity), id), unscoped=unscoped)
        assert found is not None  # an id always says something
        return found

    async def find(self, query: Query, transaction: Any) -> list[Any]:
        """The instances that a query selects, with what it includes."""
        crud = await self.crud()
        tx = self.datasource.transaction_of(transaction, write=False)
        definition = definition_of(self.entity)
        if query.include:
            await check_scopes(query, self._resolvers)
        fetched = with_keys(definition, query)
        instances = await crud.select(definition, fetched, tx)
        await self._complete(instances, query, fetched, transaction if tx is None else tx)
        return instances

    async def _complete(self, instances: list[Any], query: Query, fetched: Query, transaction: Any) -> None:
        if query.parts:
            prune(instances, query.parts)
        if query.include:
            await include_related(instances, query, self._resolvers, {"transaction": transaction})
            without_keys(query, fetched, instances)
        if self._hooks.has("load"):
            for instance in instances:
                context = HookContext(self.entity, vars(instance), transaction=transaction, instance=instance)
                await self._hooks.call("load", context)

    async def first(self, query: Query, transaction: Any) -> Any:
        """The first instance, or ``None``; one row is fetched."""
        found = await self.find(replace(query, limit=1), transaction)
        return found[0] if found else None

    async def stream(self, query: Query, transaction: Any, batch_size: int) -> AsyncGenerator[Any, None]:
        """The instances one by one, fetched in batches."""
        crud = await self.crud()
        tx = self.datasource.transaction_of(transaction, write=False)
        definition = definition_of(self.entity)
        if query.include:
            await check_scopes(query, self._resolvers)
        fetched = with_keys(definition, query)
        async with aclosing(crud.stream(definition, fetched, tx, batch_size)) as batches:
            async for batch in batches:
                await self._complete(batch, query, fetched, transaction if tx is None else tx)
                for instance in batch:
                    yield instance

    async def count(self, where: Condition | None, transaction: Any) -> int:
        """How many rows match."""
        crud = await self.crud()
        tx = self.datasource.transaction_of(transaction, write=False)
        return await crud.count(definition_of(self.entity), where, tx)

    async def exists(self, where: Condition | None, transaction: Any) -> bool:
        """Whether any row matches."""
        crud = await self.crud()
        tx = self.datasource.transaction_of(transaction, write=False)
        return await crud.exists(definition_of(self.entity), where, tx)
