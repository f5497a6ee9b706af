"""Carrying revisions out, one process at a time: all of them or, where the database can undo a change of its schema,
none.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, event
from sqlalchemy.exc import SQLAlchemyError

from mainspring.repository.datasources import DataSource
from mainspring.repository.errors import MigrationError, UnsupportedOperationError
from mainspring.repository.sql.connector import SqlConnector
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.faults import failure_of
from mainspring.repository.sql.revisions.comparing import Comparison
from mainspring.repository.sql.revisions.files import RevisionFiles
from mainspring.repository.sql.revisions.guarding import guard
from mainspring.repository.sql.revisions.losses import loss_of, words_of

__all__ = ["Revision", "Revisions", "Step"]

#: Failures of the connection, not of the revision.
_OF_CONNECTIONS = frozenset(("lost", "busy", "serialization", "lock timeout"))

#: Statements that only look.
_LOOKING = ("SELECT", "PRAGMA", "SHOW", "DESCRIBE", "EXPLAIN")


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision: its identifier and what it says of itself."""

    id: str
    message: str


@dataclass(slots=True)
class Step:
    """A revision that was (or would be) carried out.

    Attributes:
        revision: Which.
        direction: ``up`` or ``down``.
        sql: The statements that change something.
    """

    revision: Revision
    direction: str
    sql: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Status:
    """Where a database is.

    Attributes:
        current: The last revision that was carried out; ``None`` before the first.
        head: The last revision there is.
        pending: Those between, in order.
        unwritten: What the models say and no revision does; not looked at while any is pending.
    """

    current: str | None
    head: str | None
    pending: list[Revision]
    unwritten: list[str]


class Revisions:
    """The revisions of one data source.

    Args:
        source: The data source, its models attached.
        folder: Where the files are.

    Raises:
        UnsupportedOperationError: It has no tables that stay: it is no SQL database, or one in memory.
    """

    def __init__(self, source: DataSource, folder: Path) -> None:
        connector = source.connector
        if not isinstance(connector, SqlConnector) or connector.dialect.in_memory:
            raise UnsupportedOperationError.of(source.name, "revisions: it keeps no tables between two runs")
        self._source, self._connector = source, connector
        self._files = RevisionFiles(source.name, folder)
        schema = source.settings.get("schema")
        # Each data source has a table of its own: two may share one database.
        self._options = {"version_table": f"alembic_version_{source.name}"[:63], "version_table_schema": schema}

    async def status(self) -> Status:
        """Where the database is."""
        await self._source.ready()
        return await self._connector.with_schema(self._status)

    def _status(self, connection: Connection) -> Status:
        current = self._current(connection)
        pending = [_revision(step) for step in self._files.upgrades("head", current)] if self._files.head() else []
        unwritten = [] if pending else [words_of(each) for each in self._compared(connection).operations]
        return Status(", ".join(current) or None, self._files.head(), pending, unwritten)

    async def new(self, message: str | None = None, *, empty: bool = False, allow_unsafe: bool = False) -> Path | None:
        """Write the revision that brings the database to what the models say.

        Args:
            message: What it says of itself; made of what it does without it.
            empty: Write one that does nothing yet, to be filled by hand.
            allow_unsafe: Also write what loses data.

        Returns:
            The file; ``None`` when there is nothing to do.

        Raises:
            MigrationError: The database is not at the last revision, or the change would lose data.
        """
        await self._source.ready()
        if empty:
            self._files.head()
            return self._files.write(message or "by hand", "", "", ())
        comparison, operations = await self._connector.with_schema(self._difference)
        if not operations:
            return None
        losses = [loss for each in operations if (loss := loss_of(each, self._connector.dialect.sql_dialect))]
        if losses and not allow_unsafe:
            raise MigrationError(
                self._source.name, f"this would lose data: {'; '.join(losses)}; allow it with --allow-unsafe"
            )
        more = f" and {len(operations) - 1} more" if len(operations) > 1 else ""
        upgrades, downgrades, imports = comparison
        return self._files.write(message or f"{words_of(operations[0])}{more}", upgrades, downgrades, imports)

    def _difference(self, connection: Connection) -> tuple[tuple[str, str, set[str]], list[Any]]:
        current, head = self._current(connection), self._files.head()
        if set(current) != ({head} if head else set()):
            raise MigrationError(
                self._source.name,
                f"the database is at {', '.join(current) or 'no revision'}, and the last one is {head}; carry out what "
                "is there first: mainspring migrate up",
            )
        comparison = self._compared(connection)
        operations = comparison.operations
        return comparison.rendered(), operations

    async def up(self, to: str = "head", *, dry_run: bool = False, allow_unsafe: bool = False) -> list[Step]:
        """Carry out the revisions up to one.

        Args:
            to: A revision (its first characters do), ``head``, or ``+1`` for the next.
            dry_run: Only say what would be done.
            allow_unsafe: Also carry out what loses data.

        Raises:
            MigrationError: One failed or is refused, or there is no such revision.
        """
        return await self._run("up", lambda heads: self._files.upgrades(to, heads), dry_run, allow_unsafe)

    async def down(self, to: str = "-1", *, dry_run: bool = False, allow_unsafe: bool = False) -> list[Step]:
        """Take the revisions after one back.

        Args:
            to: A revision that stays, ``base`` for none, ``-1`` for all but the last.
            dry_run: Only say what would be done.
            allow_unsafe: Also carry out what loses data.

        Raises:
            MigrationError: One failed or is refused, or there is no such revision.
        """

        def plan(heads: Sequence[str]) -> list[Any]:
            return self._files.downgrades(to, heads) if heads else []

        return await self._run("down", plan, dry_run, allow_unsafe)

    def _current(self, connection: Connection) -> tuple[str, ...]:
        return MigrationContext.configure(connection, opts=self._options).get_current_heads()

    def _compared(self, connection: Connection) -> Comparison:
        tables = self._connector.model_tables
        made = self._files.made_tables()
        return Comparison(connection, self._connector.metadata(), tables, made, self._options)

    async def _run(self, direction: str, plan: "Plan", dry_run: bool, allow_unsafe: bool) -> list[Step]:
        await self._source.ready()
        dialect = self._connector.dialect

        def work(connection: Connection) -> list[Step]:
            current = self._current(connection)
            run = _Run(connection, dialect, direction, plan(current), allow_unsafe)
            if dialect.has_transactional_ddl:
                return run.carry_out(self._options)
            planned = run.foresee({**self._options, "starting_rev": current or None}, strict=dry_run)
            return planned if dry_run else run.carry_out(self._options)

        return await self._connector.with_schema(work, change=True, keep=not dry_run)


#: From the revisions a database is at to the steps.
Plan = Callable[[Sequence[str]], list[Any]]


class _Run:
    """Some steps, on one connection.

    Args:
        connection: To the database, in the transaction of a migration.
        dialect: The database.
        direction: ``up`` or ``down``.
        steps: Alembic's.
        allow_unsafe: Whether data may be lost.
    """

    def __init__(
        self, connection: Connection, dialect: Dialect, direction: str, steps: list[Any], allow_unsafe: bool
    ) -> None:
        self._connection, self._dialect, self._direction = connection, dialect, direction
        self._steps, self._allow_unsafe = steps, allow_unsafe
        self._done: list[Step] = []

    def carry_out(self, options: dict[str, Any]) -> list[Step]:
        """Do it; gives what was done."""
        if not self._steps:
            return []
        with self._recording(), self._keeping_keys():
            self._migrate({**options, "fn": self._each})
        return self._done

    def foresee(self, options: dict[str, Any], *, strict: bool) -> list[Step]:
        """Find out what would be done without doing it, where nothing can be undone; refuses what is not allowed.

        Args:
            options: Of Alembic's context.
            strict: Whether it is an error that a revision reads data, which is not there to be read.
        """
        written = io.StringIO()
        try:
            self._migrate({**options, "fn": self._each, "as_sql": True, "output_buffer": written})
        except MigrationError as error:
            if strict or error.__cause__ is None:  # refused
                raise
        self._done, done = [], self._done
        for step, text in zip(done, written.getvalue().split("-- Running ")[1:], strict=False):
            step.sql = [each.strip() for each in text.partition("\n")[2].split(";\n") if each.strip()]
        return done

    def _migrate(self, options: dict[str, Any]) -> None:
        context = MigrationContext.configure(self._connection, opts=options)
        with Operations.context(context) as operations:
            guard(operations, self._connection, self._dialect.datasource, allow_unsafe=self._allow_unsafe)
            try:
                context.run_migrations()
            except MigrationError:
                raise
            except Exception as error:
                self._raise(error)

    @contextmanager
    def _keeping_keys(self) -> Iterator[None]:
        """Keys are looked at, although tables may be copied meanwhile: no row is left that refers to nothing.

        Rows that did so before are none of the revision's.
        """
        if self._connection.dialect.name == "mysql":  # it copies none, and can look at each statement
            self._connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")
        before = self._orphans()
        yield
        more = self._orphans() - before
        if more:
            words = ", ".join(
                f"{number} of {table!r} to {target!r}" for (table, target), number in sorted(more.items())
            )
            raise MigrationError(
                self._dialect.datasource,
                f"rows would refer to rows that are not there: {words}; nothing was changed",
            )

    def _orphans(self) -> Counter[tuple[str, str]]:
        if self._connection.dialect.name != "sqlite":
            return Counter()
        found = self._connection.exec_driver_sql("PRAGMA foreign_key_check")
        return Counter((str(row[0]), str(row[2])) for row in found)

    def _each(self, _: Any, __: Any) -> Iterable[Any]:
        for step in self._steps:
            self._done.append(Step(_revision(step), self._direction))
            yield step

    def _raise(self, error: Exception) -> None:
        failure = failure_of(error, self._dialect) if isinstance(error, SQLAlchemyError) else None
        if failure is not None and failure.kind in _OF_CONNECTIONS:
            raise error
        words = failure.text if failure is not None else f"{type(error).__name__}: {error}"
        revision = self._done[-1].revision if self._done else Revision("", "the beginning")
        state = (
            "nothing was changed"
            if self._dialect.has_transactional_ddl
            else ("its steps before that stay, because this database cannot undo them")
        )
        raise MigrationError(
            self._dialect.datasource, f"the revision {revision.id} ({revision.message}) failed: {words}; {state}"
        ) from error

    @contextmanager
    def _recording(self) -> Iterator[None]:
        """Keep the statements that change something, with the step they belong to."""

        def record(_: Any, __: Any, statement: str, *___: Any) -> None:
            if self._done and not statement.lstrip().upper().startswith(_LOOKING):
                self._done[-1].sql.append(statement.strip())

        event.listen(self._connection, "before_cursor_execute", record)
        try:
            yield
        finally:
            event.remove(self._connection, "before_cursor_execute", record)


def _revision(step: Any) -> Revision:
    script = step.revision
    return Revision(str(script.revision), str(script.doc))
