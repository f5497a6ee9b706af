"""Views of a target repository that are limited to the rows of one source: ``repo.orders(customer_id)``."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Generic, TypeVar

from mainspring.repository.connectors import Transactional
from mainspring.repository.definitions import definition_of
from mainspring.repository.errors import EntityNotFoundError
from mainspring.repository.filters import Count
from mainspring.repository.relations.checking import CheckedThrough
from mainspring.repository.relations.constraining import (
    constrain_filter,
    constrain_where,
    constrained_data,
    unchangeable,
)
from mainspring.repository.relations.related import deduplicate, find_by_foreign_keys, fitting
from mainspring.repository.relations.targets import LateRepository

__all__ = ["HasManyRepository", "HasManyThroughRepository", "HasOneRepository"]

Some = Mapping[str, Any] | None

#: The model of the rows.
E = TypeVar("E")


class HasManyRepository(Generic[E]):
    """The rows of one source.

    Args:
        target: The repository of the rows.
        constraint: What they have in common.
    """

    def __init__(self, target: LateRepository, constraint: Mapping[str, Any]) -> None:
        self._target, self._constraint = target, dict(constraint)

    async def create(self, data: Any, *, transaction: Any = None) -> E:
        """Create a row of the source.

        Raises:
            ModelValidationError: The data belong to another source.
        """
        target = await self._target.get()
        given = constrained_data(data, self._constraint, target.entity)
        created: E = await target.create(given, transaction=transaction)
        return created

    async def find(self, filter: Some = None, *, transaction: Any = None) -> list[E]:
        """The rows of the source that a filter selects."""
        target = await self._target.get()
        found: list[E] = await target.find(constrain_filter(filter, self._constraint), transaction=transaction)
        return found

    async def patch(self, data: Any, where: Some = None, *, transaction: Any = None) -> Count:
        """Change rows of the source.

        Raises:
            ModelValidationError: The data would give them to another source.
        """
        target = await self._target.get()
        changed: Count = await target.update_all(
            constrained_data(data, self._constraint, target.entity),
            constrain_where(where, self._constraint),
            transaction=transaction,
        )
        return changed

    async def delete(self, where: Some = None, *, transaction: Any = None) -> Count:
        """Delete rows of the source."""
        target = await self._target.get()
        deleted: Count = await target.delete_all(constrain_where(where, self._constraint), transaction=transaction)
        return deleted


class HasOneRepository(Generic[E]):
    """The one row of a source.

    Args:
        target: The repository of the row.
        constraint: What makes it the source's.
    """

    def __init__(self, target: LateRepository, constraint: Mapping[str, Any]) -> None:
        self._target, self._constraint = target, dict(constraint)
        self._many: HasManyRepository[E] = HasManyRepository(target, constraint)

    async def create(self, data: Any, *, transaction: Any = None) -> E:
        """Create the row."""
        return await self._many.create(data, transaction=transaction)

    async def get(self, filter: Some = None, *, transaction: Any = None) -> E:
        """The row.

        Raises:
            EntityNotFoundError: There is none.
        """
        target = await self._target.get()
        found: E | None = await target.find_one(constrain_filter(filter, self._constraint), transaction=transaction)
        if found is None:
            raise EntityNotFoundError(target.entity, self._constraint)
        return found

    async def patch(self, data: Any, *, transaction: Any = None) -> Count:
        """Change it."""
        return await self._many.patch(data, transaction=transaction)

    async def delete(self, *, transaction: Any = None) -> Count:
        """Delete it."""
        return await self._many.delete(transaction=transaction)


class HasManyThroughRepository(Generic[E]):
    """The rows that links lead to from one source.

    Args:
        checked: The relation.
        target: The repository of the rows.
        through: The repository of the links.
        source: The source's key.
        fixed: What all links of the relation say besides.
    """

    def __init__(
        self, checked: CheckedThrough, target: LateRepository, through: LateRepository, source: Any, fixed: Some = None
    ) -> None:
        self._checked, self._target, self._through, self._source = checked, target, through, source
        self._fixed = dict(fixed or {})

    async def create(self, data: Any, through_data: Some = None, *, transaction: Any = None) -> E:
        """Create a row and its link, both or neither."""
        target = await self._target.get()
        async with _together(target, transaction):
            created: E = await target.create(data, transaction=transaction)
            key = getattr(created, self._checked.key_to)
            await self.link(key, through_data, transaction=transaction)
        return created

    async def link(self, target_id: Any, through_data: Some = None, *, transaction: Any = None) -> Any:
        """Link an existing row; gives the link."""
        through = await self._through.get()
        keys = {**self._link(through, target_id), **self._fixed}
        return await through.create(constrained_data(through_data or {}, keys, through.entity), transaction=transaction)

    async def unlink(self, target_id: Any, *, transaction: Any = None) -> Count:
        """Delete the links to a row; the row stays."""
        through = await self._through.get()
        where = {**self._link(through, target_id), **self._fixed}
        deleted: Count = await through.delete_all(where, transaction=transaction)
        return deleted

    def _link(self, through: Any, target_id: Any) -> dict[str, Any]:
        """The keys of a link to a row."""
        keys = {self._checked.link_from: self._source, self._checked.link_to: target_id}
        definition = definition_of(through.entity)
        return {name: fitting(definition, name, value) for name, value in keys.items()}

    async def _linked(self, transaction: Any) -> list[Any]:
        through = await self._through.get()
        options = {"transaction": transaction}
        scope = {"where": self._fixed} if self._fixed else None
        links = await find_by_foreign_keys(through, self._checked.link_from, self._source, scope, options)
        return deduplicate(getattr(link, self._checked.link_to) for link in links)

    async def find(self, filter: Some = None, *, transaction: Any = None) -> list[E]:
        """The linked rows that a filter selects."""
        keys = await self._linked(transaction)
        if not keys:
            return []
        target = await self._target.get()
        constraint = {self._checked.key_to: {"inq": keys}}
        found: list[E] = await target.find(constrain_filter(filter, constraint), transaction=transaction)
        return found

    async def patch(self, data: Any, where: Some = None, *, transaction: Any = None) -> Count:
        """Change linked rows.

        Raises:
            ModelValidationError: The data would change their id.
        """
        values = data if isinstance(data, Mapping) else vars(data)
        if self._checked.key_to in values:
            raise unchangeable(self._checked.key_to, self._checked.relation.target)
        keys = await self._linked(transaction)
        if not keys:
            return Count(0)
        target = await self._target.get()
        constraint = {self._checked.key_to: {"inq": keys}}
        changed: Count = await target.update_all(data, constrain_where(where, constraint), transaction=transaction)
        return changed

    async def delete(self, where: Some = None, *, transaction: Any = None) -> Count:
        """Delete linked rows and every link to them, also those of other sources."""
        target, through = await self._target.get(), await self._through.get()
        async with _together(target, transaction):
            rows = await self.find({"where": dict(where)} if where else None, transaction=transaction)
            keys = [getattr(row, self._checked.key_to) for row in rows]
            if not keys:
                return Count(0)
            to, definition = self._checked.link_to, definition_of(through.entity)
            links = {to: {"inq": [fitting(definition, to, key) for key in keys]}, **self._fixed}
            await through.delete_all(links, transaction=transaction)
            deleted: Count = await target.delete_all({self._checked.key_to: {"inq": keys}}, transaction=transaction)
        return deleted


def _together(target: Any, transaction: Any) -> AbstractAsyncContextManager[Any]:
    """A transaction around several statements, unless there is one or the data source has none."""
    if transaction is None and isinstance(target.datasource.connector, Transactional):
        begun: AbstractAsyncContextManager[Any] = target.begin_transaction()
        return begun
    return nullcontext()
