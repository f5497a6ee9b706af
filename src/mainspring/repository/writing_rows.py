"""The writing half of a repository: create, update, replace, delete, and the hooks around them."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from mainspring.repository.conditions import Compare, Condition
from mainspring.repository.connectors import Increase, Insertion, Transactional
from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.errors import EntityNotFoundError, ModelValidationError, StaleEntityError
from mainspring.repository.filters import Query
from mainspring.repository.hooks import HookContext, Hooks
from mainspring.repository.identity import checked_id, id_names, id_of
from mainspring.repository.paths import property_path
from mainspring.repository.preparing import (
    check_persistable,
    create_values,
    raw_data,
    refused,
    replace_values,
    update_values,
    version_property,
)
from mainspring.repository.reading_rows import Reader
from mainspring.repository.wheres import condition, conjunction

__all__ = ["Writer"]


class Writer:
    """Writes rows of one entity.

    Args:
        reader: The reading half.
        hooks: The repository's hooks.
    """

    def __init__(self, reader: Reader, hooks: Hooks) -> None:
        self.entity, self.datasource = reader.entity, reader.datasource
        self._reader, self._hooks = reader, hooks

    @property
    def _definition(self) -> ModelDefinition:
        return definition_of(self.entity)

    @asynccontextmanager
    async def _operation(self, transaction: Any, *events: str) -> AsyncIterator[Any]:
        """The transaction of an operation; one of its own where hooks have to be part of it."""
        connector = await self.datasource.ready()
        tx = self.datasource.transaction_of(transaction)
        if tx is None and self._hooks.has(*events) and isinstance(connector, Transactional):
            async with self.datasource.begin_transaction() as own:
                yield own.root
        else:
            yield tx

    def _here(self, tx: Any) -> Any:
        """Where the rows that are written are: in the transaction, or in the primary."""
        return self.datasource.transaction_of(self.datasource.at_primary(False), write=False) if tx is None else tx

    def _made(self, values: Mapping[str, Any]) -> Any:
        instance = object.__new__(self.entity)
        instance.__dict__.update(values)
        return instance

    # Create

    async def create(self, data: Any, transaction: Any) -> Any:
        """Insert one row; gives the new instance."""
        if self._hooks.has("before_save", "after_save"):
            return (await self._create_with_hooks([data], transaction))[0]
        crud = await self._reader.crud()
        tx = self.datasource.transaction_of(transaction)
        definition = self._definition
        values = create_values(definition, raw_data(definition, data), counts_ids=crud.counts_ids)
        (made,) = await crud.insert(definition, [values], tx)
        return self._made({**made, **values, **made})

    async def create_all(self, items: Iterable[Any], transaction: Any) -> list[Any]:
        """Insert all rows or none; gives the new instances in order."""
        items = list(items)
        if not items:
            return []
        if self._hooks.has("before_save", "after_save"):
            return await self._create_with_hooks(items, transaction)
        crud = await self._reader.crud()
        tx = self.datasource.transaction_of(transaction)
        rows = self._rows([raw_data(self._definition, item) for item in items], counts_ids=crud.counts_ids)
        made = await crud.insert(self._definition, rows, tx)
        return [self._made({**own, **row, **own}) for own, row in zip(made, rows, strict=True)]

    def _rows(self, raws: list[dict[str, Any]], *, counts_ids: bool) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for number, raw in enumerate(raws):
            try:
                rows.append(create_values(self._definition, raw, counts_ids=counts_ids))
            except ModelValidationError as error:
                errors += [_in_list(each, number, len(raws)) for each in error.errors]
        if errors:
            raise ModelValidationError(self._definition.name, errors)
        return rows

    async def _create_with_hooks(self, items: list[Any], transaction: Any) -> list[Any]:
        crud = await self._reader.crud()
        async with self._operation(transaction, "before_save", "after_save") as tx:
            contexts = [
                HookContext(self.entity, raw_data(self._definition, item), is_new=True, transaction=tx)
                for item in items
            ]
            for context in contexts:
                await self._hooks.call("before_save", context)
            rows = self._rows([context.data or {} for context in contexts], counts_ids=crud.counts_ids)
            made = await crud.insert(self._definition, rows, tx)
            instances = [self._made({**own, **row, **own}) for own, row in zip(made, rows, strict=True)]
            for context, instance in zip(contexts, instances, strict=True):
                context.instance, context.data = instance, dict(vars(instance))
                await self._hooks.call("after_save", context)
        return instances

    async def upsert(self, data: Any, on: Iterable[str] | None, transaction: Any) -> Any:
        """Insert a row, or update the one with the same values of some properties; gives it as it is then."""
        definition = self._definition
        raw = raw_data(definition, data)
        crud = await self._reader.crud()
        names = tuple(on) if on is not None else tuple(id_names(definition))
        self._check_conflict(definition, names)
        async with self._operation(transaction, "before_save", "after_save") as tx:
            context = HookContext(self.entity, raw, transaction=tx)
            await self._hooks.call("before_save", context)
            given = context.data or {}
            values = create_values(definition, given, counts_ids=crud.counts_ids, allow_id=True)
            ids, version = definition.id_properties(), version_property(definition)
            changed = update_values(
                definition, {key: given[key] for key in given if key not in (*names, *ids, version)}
            )
            insertion = Insertion(names, tuple(changed), () if version is None else (version,))
            (made,) = await crud.insert(definition, [{**values, **changed}], tx, insertion)
            context.instance, context.data = self._made(made), dict(made)
            await self._hooks.call("after_save", context)
        return context.instance

    def _check_conflict(self, definition: ModelDefinition, names: tuple[str, ...]) -> None:
        for name in names:
            if name not in definition.properties:
                raise refused(definition, name, "is no property to upsert on", "additionalProperties")

    # Update

    async def update_by_id(self, id: Any, data: Any, transaction: Any, *, replace: bool = False) -> None:
        """Change (or replace) one row.

        Raises:
            EntityNotFoundError: There is no such row.
            StaleEntityError: The data carry an older version.
        """
        definition = self._definition
        where = checked_id(definition, id)
        own = self._reader.where_id(id)
        async with self._operation(transaction, "before_save", "after_save") as tx:
            context = HookContext(self.entity, raw_data(definition, data), where, transaction=tx)
            if self._hooks.has("before_save"):
                await self._hooks.call("before_save", context)
            values, version = self._changes(dict(context.data or {}), where, replace=replace)
            await self._update_one(own, id, values, version, tx, replace=replace)
            if self._hooks.has("after_save"):
                context.data = {**where, **{n: v for n, v in values.items() if not isinstance(v, Increase)}}
                await self._hooks.call("after_save", context)

    def _changes(
        self, raw: dict[str, Any], where: Mapping[str, Any], *, replace: bool
    ) -> tuple[dict[str, Any], tuple[str | None, Any]]:
        """What is set, and the version that is expected."""
        definition = self._definition
        check_persistable(definition, raw)
        for name, value in where.items():
            given = raw.pop(name, None)
            if given is not None and condition(definition, {name: given}) != condition(definition, {name: value}):
                raise refused(definition, name, "is the id and cannot be changed")
        name_of_version = version_property(definition)
        expected = raw.pop(name_of_version, None) if name_of_version is not None else None
        values = replace_values(definition, raw) if replace else update_values(definition, raw)
        if name_of_version is not None and (values or replace):
            values[name_of_version] = Increase()
        return values, (name_of_version, expected)

    async def _update_one(
        self,
        own: Condition,
        id: Any,
        values: Mapping[str, Any],
        version: tuple[str | None, Any],
        tx: Any,
        *,
        replace: bool,
    ) -> None:
        crud = await self._reader.crud()
        name, expected = version
        where = own
        if name is not None and expected is not None:
            path = property_path(self._definition, name)
            found = conjunction(own, condition(self._definition, {name: expected}))
            where = found if found is not None else Compare(path, "eq", expected)
        if values:
            done = await crud.update(self._definition, values, where, tx, replace=replace) > 0
        else:
            done = await crud.exists(self._definition, where, self._here(tx))
        if not done:
            raise await self._why_not(own, id, version, tx)

    async def _why_not(self, own: Condition, id: Any, version: tuple[str | None, Any], tx: Any) -> Exception:
        name, expected = version
        if name is not None and expected is not None:
            crud = await self._reader.crud()
            query = Query(where=own, fields=(name,), limit=1)
            found = await crud.select(self._definition, query, self._here(tx))
            if found:
                return StaleEntityError(self._definition.name, id, expected, getattr(found[0], name))
        return EntityNotFoundError(self.entity, id)

    async def update(self, entity: Any, transaction: Any) -> None:
        """Write the set properties of an instance to its row."""
        await self.update_by_id(self._id_of(entity), entity, transaction)

    def _id_of(self, entity: Any) -> Any:
        definition = self._definition
        raw = raw_data(definition, entity)
        check_persistable(definition, raw)
        found = id_of(definition, raw)
        checked_id(definition, found)
        return found

    async def save(self, entity: Any, transaction: Any) -> Any:
        """Create an instance without id; write one with an id, which is created if it chose its id itself."""
        definition = self._definition
        raw = raw_data(definition, entity)
        check_persistable(definition, raw)
        names = id_names(definition)
        if any(raw.get(name) is None for name in names):
            return await self.create(entity, transaction)
        own_id = id_of(definition, raw)
        async with self._operation(transaction, "before_save", "after_save") as tx:
            chosen = transaction if tx is None else tx
            try:
                await self.update_by_id(own_id, entity, chosen)
            except EntityNotFoundError:
                if any(definition.properties[name].generated for name in names):
                    raise
                return await self.create(entity, chosen)
            found = await self._reader.first(
                Query(where=self._reader.where_id(own_id)), self.datasource.at_primary(chosen)
            )
        if found is None:
            raise EntityNotFoundError(self.entity, own_id)
        return found

    async def update_all(self, data: Any, where: Any, transaction: Any, *, unscoped: bool = False) -> int:
        """Set values in every row that matches; gives the number of rows."""
        definition = self._definition
        found = self._reader.where(where, unscoped=unscoped)
        raw = raw_data(definition, data)
        for name in definition.id_properties():
            if name in raw:
                raise refused(definition, name, "is the id and cannot be changed in several rows")
        crud = await self._reader.crud()
        async with self._operation(transaction, "before_save", "after_save") as tx:
            context = HookContext(self.entity, raw, where or {}, transaction=tx)
            await self._hooks.call("before_save", context)
            values, _ = self._changes(dict(context.data or {}), {}, replace=False)
            if not values:
                return await crud.count(definition, found, self._here(tx))
            count = await crud.update(definition, values, found, tx)
            context.data = {name: value for name, value in values.items() if not isinstance(value, Increase)}
            await self._hooks.call("after_save", context)
        return count

    # Delete

    async def delete_by_id(self, id: Any, transaction: Any) -> None:
        """Delete one row.

        Raises:
            EntityNotFoundError: There is no such row.
        """
        where = checked_id(self._definition, id)
        if await self._delete(self._reader.where_id(id), where, transaction) == 0:
            raise EntityNotFoundError(self.entity, id)

    async def delete(self, entity: Any, transaction: Any) -> None:
        """Delete the row of an instance."""
        await self.delete_by_id(self._id_of(entity), transaction)

    async def delete_all(self, where: Any, transaction: Any, *, unscoped: bool = False) -> int:
        """Delete every row that matches; gives the number of rows."""
        return await self._delete(self._reader.where(where, unscoped=unscoped), where or {}, transaction)

    async def _delete(self, found: Condition | None, where: Mapping[str, Any], transaction: Any) -> int:
        crud = await self._reader.crud()
        async with self._operation(transaction, "before_delete", "after_delete") as tx:
            context = HookContext(self.entity, None, where, transaction=tx)
            await self._hooks.call("before_delete", context)
            count = await crud.delete(self._definition, found, tx)
            if count or not definition_is_one(self._definition, where):
                await self._hooks.call("after_delete", context)
        return count


def definition_is_one(definition: ModelDefinition, where: Mapping[str, Any]) -> bool:
    """Whether a condition names exactly one row by its id."""
    return bool(where) and set(where) == set(definition.id_properties())


def _in_list(error: Mapping[str, Any], number: int, length: int) -> dict[str, Any]:
    if length == 1:
        return dict(error)
    return {**error, "path": f"/{number}{error['path']}", "message": f"item {number}: {error['message']}"}
