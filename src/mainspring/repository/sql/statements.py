"""The statements of one model: select, insert, update, delete, count.

Statements are made once for each shape of a condition; SQLAlchemy keeps the SQL text of each.
"""

from collections.abc import Mapping, Sequence
from json import loads
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Insert,
    Select,
    Update,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from mainspring.repository.conditions import Condition
from mainspring.repository.connectors import Increase, Insertion
from mainspring.repository.errors import UnsupportedOperationError
from mainspring.repository.filters import Query
from mainspring.repository.kinds import Kind
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.json_types import json_text
from mainspring.repository.sql.rows import RowMaker, column_values
from mainspring.repository.sql.shapes import Bound, Shapes
from mainspring.repository.sql.tables import ModelTable
from mainspring.repository.sql.where_clauses import WhereClauses
from mainspring.repository.stored_json import to_stored

__all__ = ["Statements"]


class Statements:
    """Makes the statements of one model.

    Args:
        table: Its table.
        dialect: The database.
    """

    def __init__(self, table: ModelTable, dialect: Dialect) -> None:
        self.table, self._dialect = table, dialect
        self._where = WhereClauses(table, dialect)
        self._shapes = Shapes(dialect.longest_list)
        self._makers: dict[tuple[str, ...] | None, RowMaker] = {}
        for name, prop in table.definition.properties.items():
            form = dialect.stored_decimal(prop.options.get("scale")) if prop.value_type.kind is Kind.DECIMAL else None
            if form is not None:
                table.stored[name] = form

    @property
    def counts_in_order(self) -> bool:
        """Whether sorting the new ids gives the order of the rows."""
        return self._dialect.counts_in_order

    def maker(self, fields: tuple[str, ...] | None) -> RowMaker:
        """What turns rows with these properties into instances."""
        found = self._makers.get(fields)
        if found is None:
            if len(self._makers) > 100:  # field lists come from outside; there are not many useful ones
                self._makers.clear()
            found = self._makers[fields] = RowMaker(self.table, fields)
        return found

    def select(self, query: Query, maker: RowMaker) -> Bound:
        """Select what a query says, in its order."""
        if query.of_each is not None and query.of_each[0] in self.table.columns:
            return self._first_of_each(query, maker, *query.of_each), {}

        def make(where: Condition | None, numbers: Sequence[Any]) -> Select[Any]:
            statement = self._with(select(*maker.columns), where).order_by(*self.order(query))
            limit, skip = numbers
            statement = statement if limit is None else statement.limit(limit)
            return statement if skip is None else statement.offset(skip)

        if not all(path.is_column for path, _ in query.order):
            return make(query.where, (query.limit, query.skip or None)), {}
        kind = (maker, *((path.name, descending) for path, descending in query.order))
        return self._shapes.statement(kind, query.where, (query.limit, query.skip or None), make)

    def _first_of_each(self, query: Query, maker: RowMaker, key: str, most: int) -> Select[Any]:
        """The first rows of each value of a column, in the query's order; of each value one after the other."""
        place = func.row_number().over(partition_by=self.table.columns[key], order_by=self.order(query))
        numbered = self._with(select(*maker.columns, place.label("mainspring_place")), query.where).subquery()
        *columns, number = numbered.columns
        return select(*columns).where(number <= most).order_by(number)

    def order(self, query: Query) -> list[ColumnElement[Any]]:
        """The sort keys: null last ascending, first descending; the id decides between equals."""
        keys: list[ColumnElement[Any]] = []
        done: set[str] = set()
        for path, descending in query.order:
            key = self._where.order(path)
            keys += self._dialect.sort_keys(key, descending=descending, may_be_null=self._may_be_null(path))
            if path.is_column:
                done.add(path.name)
        keys += [self.table.columns[name].asc() for name in self.table.ids if name not in done]
        return keys

    def _may_be_null(self, path: Any) -> bool:
        return not path.is_column or bool(self.table.columns[path.name].nullable)

    def count(self, where: Condition | None) -> Bound:
        """Count the rows that match."""
        return self._shapes.statement("count", where, (), self._count)

    def _count(self, where: Condition | None, _: Sequence[Any]) -> Select[Any]:
        return self._with(select(func.count()).select_from(self.table.table), where)

    def exists(self, where: Condition | None) -> Bound:
        """One row with nothing in it, if any matches."""
        return self._shapes.statement("exists", where, (), self._exists)

    def _exists(self, where: Condition | None, _: Sequence[Any]) -> Select[Any]:
        return self._with(select(literal_column("1")).select_from(self.table.table), where).limit(1)

    @property
    def returns_inserted(self) -> bool:
        """Whether an insert gives the ids of the new rows."""
        return self._dialect.returns_inserted

    def insert(self, *, returning: bool = True) -> Insert:
        """Insert rows; gives back the counted id, in whatever order the database does."""
        statement = insert(self.table.table)
        if not returning or self.table.autoincrement is None:
            return statement.inline()
        in_order = not self._dialect.counts_in_order
        return statement.returning(self.table.columns[self.table.autoincrement], sort_by_parameter_order=in_order)

    def advance_counter(self, values: Sequence[Mapping[str, Any]]) -> Any:
        """What makes the database count on behind ids that were given; ``None`` where it does by itself."""
        counted = self.table.autoincrement
        if counted is None or self._dialect.counts_given_ids:
            return None
        if not self.table.definition.properties[counted].generated:
            return None  # every row brings its own
        column = self.table.columns[counted]
        given = [row[column.key] for row in values if row.get(column.key) is not None]
        return self._dialect.advance_counter(column, max(given)) if given else None

    def row_with(self, row: Mapping[str, Any], names: Sequence[str]) -> Select[Any]:
        """The row that has the same values of some properties."""
        columns = self.table.columns
        return select(*self._row_columns).where(*(columns[name] == row[name] for name in names))

    @property
    def _row_columns(self) -> list[Column[Any]]:
        extra = self.table.extra
        return [*self.table.columns.values(), *([] if extra is None else [extra])]

    def row_values(self, row: Sequence[Any]) -> dict[str, Any]:
        """The values of a whole row by the names of properties, the free ones too."""
        free = loads(row[-1]) if self.table.extra is not None and row[-1] is not None else {}
        return {**dict(zip(self.table.columns, row, strict=False)), **free}

    def update(self, values: Mapping[str, Any], where: Condition | None, *, replace: bool = False) -> Update:
        """Set values in the rows that match.

        Args:
            values: By property name; `Increase` adds to what is there.
            where: Which rows.
            replace: Whether free properties that are not given are dropped.
        """
        statement = update(self.table.table).values(self._assignments(values, replace=replace))
        condition = self._where.clause(where)
        return statement if condition is None else statement.where(condition)

    def _assignments(self, values: Mapping[str, Any], *, replace: bool) -> dict[Any, Any]:
        columns, extra = self.table.columns, self.table.extra
        free = {name: to_stored(value) for name, value in values.items() if name not in columns}
        found: dict[Any, Any] = {
            columns[name]: columns[name] + value.by if isinstance(value, Increase) else value
            for name, value in values.items()
            if name in columns
        }
        if extra is not None and replace:
            found[extra] = json_text(free) if free else None
        elif extra is not None and free:
            found[extra] = self._dialect.json_with(extra, free)
        return found

    def upsert(self, row: Mapping[str, Any], insertion: Insertion) -> Any:
        """Insert a row, or update the one it conflicts with; gives the row as it is then."""
        columns = self.table.columns
        values = column_values(self.table, row)
        counted = self.table.autoincrement
        if counted is not None and row.get(counted) is None:
            values.pop(columns[counted].key, None)
        on = [columns[name] for name in insertion.conflict or ()]
        changes = {column.name: value for column, value in self._changes(insertion, row).items()}
        if not self._is_key(on):
            names = ", ".join(insertion.conflict or ())
            raise UnsupportedOperationError(
                f"{self.table.definition.name} cannot be upserted on {names}: make it unique, or use the id."
            )
        statement = self._dialect.upsert(self.table.table, values, on, changes)
        return statement.returning(*self._row_columns) if self.returns_inserted else statement

    def _is_key(self, columns: Sequence[Column[Any]]) -> bool:
        """Whether no two rows have the same values in some columns."""
        table = self.table.table
        keys = [set(table.primary_key.columns), *(set(index.columns) for index in table.indexes if index.unique)]
        return set(columns) in keys

    def _changes(self, insertion: Insertion, row: Mapping[str, Any]) -> dict[Any, Any]:
        columns = self.table.columns
        changes = self._assignments({name: row[name] for name in insertion.update}, replace=False)
        changes |= {columns[name]: columns[name] + 1 for name in insertion.increase}
        unchanged = {columns[name]: columns[name] for name in insertion.conflict or ()}
        return changes or unchanged  # something must be set, or no row comes back

    def delete(self, where: Condition | None) -> Bound:
        """Delete the rows that match."""
        return self._shapes.statement("delete", where, (), self._delete)

    def _delete(self, where: Condition | None, _: Sequence[Any]) -> Delete:
        condition = self._where.clause(where)
        statement = delete(self.table.table)
        return statement if condition is None else statement.where(condition)

    def _with(self, statement: Select[Any], where: Condition | None) -> Select[Any]:
        condition = self._where.clause(where)
        return statement if condition is None else statement.where(condition)
