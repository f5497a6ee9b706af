"""Errors of drivers in the words of this room. No SQL and no values leave."""

from typing import Any

from sqlalchemy import exc

from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.errors import (
    ConnectionLostError,
    DataSourceError,
    ForeignKeyViolationError,
    InvalidFilterError,
    ModelValidationError,
    RepositoryError,
    StatementError,
    TransactionError,
    UniqueViolationError,
)
from mainspring.repository.sql.dialects import Dialect, Failure
from mainspring.repository.sql.tables import ModelTable

__all__ = ["VALUE_ERRORS", "connect_error", "driver_error", "failure_of", "translated", "translated_failure"]


#: What drivers raise for values that they cannot send.
VALUE_ERRORS = (UnicodeError, OverflowError)


def translated(error: BaseException, dialect: Dialect, table: ModelTable | None = None) -> RepositoryError:
    """The error of this room for one of SQLAlchemy, or of the driver.

    Args:
        error: What was raised.
        dialect: The database it comes from.
        table: The table the statement was about.
    """
    original = error.orig if isinstance(error, exc.StatementError) else None
    if isinstance(original, RepositoryError):
        return original  # a value that a column type refuses
    return translated_failure(failure_of(error, dialect), dialect, table)


def failure_of(error: BaseException, dialect: Dialect) -> Failure:
    """What an error means to its database."""
    if isinstance(error, exc.PendingRollbackError | exc.ResourceClosedError):
        return Failure("lost", "the connection was lost before", ends_transaction=True)
    if isinstance(error, exc.DBAPIError) and error.orig is not None:
        found = dialect.failure(_cause(error.orig))
        lost = error.connection_invalidated and found.kind != "refused"
        return Failure("lost", found.text, ends_transaction=True) if lost or found.kind == "lost" else found
    original = error.orig if isinstance(error, exc.StatementError) else error
    if isinstance(original, VALUE_ERRORS):
        is_text = isinstance(original, UnicodeError)
        return Failure("value", "text that is not Unicode" if is_text else "a number out of range")
    if isinstance(error, exc.SQLAlchemyError):
        return Failure("other", _words(error))
    return dialect.failure(error)


def driver_error(error: BaseException) -> BaseException | None:
    """The driver's error as the cause: SQLAlchemy's words repeat the statement and its parameters."""
    return error.orig if isinstance(error, exc.DBAPIError) else error


def _cause(error: BaseException) -> BaseException:
    """The driver's own error: some adapters wrap it."""
    return error if error.__cause__ is None or type(error).__module__ == "sqlite3" else error.__cause__


def translated_failure(failure: Failure, dialect: Dialect, table: ModelTable | None = None) -> RepositoryError:
    """The error for a failure that was understood."""
    if table is not None and failure.kind in _CONSTRAINTS:
        columns = failure.columns or table.columns_of(failure.constraint)
        return _constraint(failure, table, columns)
    name = dialect.datasource
    if failure.kind in _TRANSACTION_WORDS:
        words = _TRANSACTION_WORDS[failure.kind].format(name=name, text=failure.text)
        return TransactionError(words, retryable=failure.kind != "aborted")
    if failure.kind in ("pattern", "value"):
        return InvalidFilterError(f"Data source {name!r} cannot use a value of the call: {failure.text}.")
    if failure.kind == "complex":
        return InvalidFilterError(f"The filter is too long or too deep for data source {name!r}: {failure.text}.")
    if failure.kind == "no table":
        return StatementError(
            name,
            f"there is no table {failure.text!r}; make it with `await app.migrate_schema()` or `await ds.autoupdate()`",
        )
    if failure.kind == "lost":
        return ConnectionLostError(name, f"the connection was lost ({failure.text}); try again")
    return StatementError(name, f"the statement failed ({failure.text})")


_TRANSACTION_WORDS = {
    "busy": "Data source {name!r} is locked by another process for too long: raise busy_timeout.",
    "serialization": "Data source {name!r}: {text}; try again.",
    "lock timeout": "Data source {name!r}: {text}; try again.",
    "aborted": "Data source {name!r}: a statement of the transaction failed before, so that it cannot go on: roll it "
    "back, or put what may fail into `async with tx.savepoint()`.",
}

_CONSTRAINTS = frozenset(("unique", "foreign key", "not null", "check", "too long", "out of range", "value"))

#: Kind of failure -> code and words of the violation.
_VIOLATIONS = {
    "not null": ("required", "is required"),
    "too long": ("maxLength", "is longer than its column"),
    "out of range": ("maximum", "is out of the range of its column"),
    "check": ("check", "is not among the allowed values"),
    "value": ("type", "cannot be kept by the database"),
}


def _constraint(failure: Failure, table: ModelTable, columns: tuple[str, ...]) -> RepositoryError:
    definition, fields = table.definition, table.properties_of(columns)
    if failure.kind == "unique":
        return UniqueViolationError(definition.name, fields)
    if failure.kind == "foreign key":
        return ForeignKeyViolationError(definition.name, fields)
    code, words = _VIOLATIONS[failure.kind]
    if not fields:
        where = f"the column {columns[0]!r} of the table {table.table.name!r}" if columns else "a value"
        words += ", but the model has no property for it: declare one, or change the table" if columns else ""
        error = {"path": "", "code": code, "message": f"{where} {words}", "info": {}}
        return ModelValidationError(definition.name, [error])
    return ModelValidationError(definition.name, [_violation(definition, name, code, words) for name in fields])


def _violation(definition: ModelDefinition, name: str, code: str, words: str) -> dict[str, Any]:
    wire = definition.properties[name].wire_name
    if code == "required":
        return {"path": "", "code": code, "message": f"{name} {words}", "info": {"missingProperty": wire}}
    return {"path": f"/{wire}", "code": code, "message": f"{name} {words}", "info": {}}


def connect_error(error: BaseException, dialect: Dialect) -> DataSourceError:
    """The error of a database that cannot be opened; names data source and place."""
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    place = f"cannot connect to {dialect.describe_place()}: {_words(cause)}"
    if dialect.is_server and failure_of(error, dialect).kind == "lost":
        return ConnectionLostError(dialect.datasource, f"{place}; is it running, and can it be reached from here?")
    return DataSourceError(dialect.datasource, f"{place}; check the place and its permissions")


def _words(error: BaseException) -> str:
    words = [str(each) for each in error.args if isinstance(each, str)] or [str(error)]
    return words[0] or type(error).__name__
