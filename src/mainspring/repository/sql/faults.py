"""Errors of drivers in the words of this room. No SQL and no values leave."""

from typing import Any

from sqlalchemy import exc

from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.errors import (
    ConnectionLostError,
    DataSourceError,
    ForeignKeyViolationError,
    ModelValidationError,
    RepositoryError,
    StatementError,
    TransactionError,
    UniqueViolationError,
)
from mainspring.repository.sql.dialects import Dialect, Failure
from mainspring.repository.sql.tables import ModelTable

__all__ = ["translated"]


def translated(error: exc.SQLAlchemyError, dialect: Dialect, table: ModelTable | None = None) -> RepositoryError:
    """The error of this room for one of SQLAlchemy.

    Args:
        error: What was raised.
        dialect: The database it comes from.
        table: The table the statement was about.
    """
    if isinstance(error, exc.DBAPIError) and error.orig is not None:
        failure = dialect.failure(_cause(error.orig))
        if error.connection_invalidated:
            failure = Failure("lost", failure.text)
        return _translated(failure, dialect, table)
    return StatementError(dialect.datasource, f"the statement failed ({_words(error)})")


def _cause(error: BaseException) -> BaseException:
    """The driver's own error: some adapters wrap it."""
    return error if error.__cause__ is None or type(error).__module__ == "sqlite3" else error.__cause__


def _translated(failure: Failure, dialect: Dialect, table: ModelTable | None) -> RepositoryError:
    if table is not None and failure.kind in _CONSTRAINTS:
        fields = table.properties_of(failure.columns)
        return _constraint(failure, table.definition, fields)
    if failure.kind == "busy":
        return TransactionError(
            f"Data source {dialect.datasource!r} is locked by another process for too long: raise busy_timeout.",
            retryable=True,
        )
    if failure.kind == "serialization":
        return TransactionError(f"Data source {dialect.datasource!r}: {failure.text}; try again.", retryable=True)
    if failure.kind == "no table":
        return StatementError(
            dialect.datasource,
            f"there is no table {failure.text!r}; make it with `await app.migrate_schema()` or `await ds.autoupdate()`",
        )
    if failure.kind == "lost":
        return ConnectionLostError(dialect.datasource, f"the connection was lost ({failure.text})")
    return StatementError(dialect.datasource, f"the statement failed ({failure.text})")


_CONSTRAINTS = frozenset(("unique", "foreign key", "not null", "check"))


def _constraint(failure: Failure, definition: ModelDefinition, fields: tuple[str, ...]) -> RepositoryError:
    if failure.kind == "unique":
        return UniqueViolationError(definition.name, fields)
    if failure.kind == "foreign key":
        return ForeignKeyViolationError(definition.name, fields)
    if failure.kind == "not null":
        return ModelValidationError(definition.name, [_missing(definition, name) for name in fields])
    error = {"path": "", "code": "check", "message": "a value is not among the allowed ones", "info": {}}
    return ModelValidationError(definition.name, [error])


def _missing(definition: ModelDefinition, name: str) -> dict[str, Any]:
    wire = definition.properties[name].wire_name
    return {"path": "", "code": "required", "message": f"{name} is required", "info": {"missingProperty": wire}}


def connect_error(error: BaseException, dialect: Dialect) -> DataSourceError:
    """The error of a database that cannot be opened; names data source and place."""
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    return DataSourceError(
        dialect.datasource,
        f"cannot connect to {dialect.describe_place()}: {_words(cause)}; check the place and its permissions",
    )


def _words(error: BaseException) -> str:
    return str(error.args[0]) if error.args else type(error).__name__
