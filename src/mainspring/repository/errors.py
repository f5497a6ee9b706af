"""What may go wrong between a program and its data.

Every error has a ``code`` and the HTTP ``status`` a REST server answers with. No message repeats SQL, a password, or
the value of a hidden property.
"""

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, ClassVar, Self

from mainspring.errors import MainspringError

__all__ = [
    "ConnectionLostError",
    "DataSourceError",
    "EntityNotFoundError",
    "ForeignKeyViolationError",
    "InvalidFilterError",
    "InvalidRelationError",
    "MigrationError",
    "ModelDefinitionError",
    "ModelValidationError",
    "PoolTimeoutError",
    "RepositoryError",
    "StaleEntityError",
    "StatementError",
    "TransactionError",
    "UniqueViolationError",
    "UnsupportedOperationError",
]

#: The code of an ``include`` that names no usable relation.
INVALID_INCLUSION_FILTER = "INVALID_INCLUSION_FILTER"


#: How many problems a message shows; the others are in ``errors``.
_SHOWN = 10


class RepositoryError(MainspringError):
    """The base of this room's errors.

    Remedy:
        Each subclass says its own; catch this one for all of them.
    """

    code: str = "REPOSITORY_ERROR"
    status: int = 500


class ModelDefinitionError(RepositoryError, TypeError):
    """A model that cannot work as it is declared: ``model`` and ``property`` say where, ``reason`` why.

    Remedy:
        Correct the property of the model that is named.
    """

    code = "INVALID_MODEL_DEFINITION"

    def __init__(self, model: str, property: str | None, reason: str, code: str | None = None) -> None:
        super().__init__(model, property, reason, code)
        self.model, self.property, self.reason = model, property, reason
        self.code = code or type(self).code

    def __str__(self) -> str:
        place = self.model if self.property is None else f"{self.model}.{self.property}"
        return f"{place}: {self.reason}."


class EntityNotFoundError(RepositoryError):
    """There is no row with this id (in what the call may see).

    Remedy:
        Answer 404, which is what happens when it is not handled; or look first with ``exists`` or ``find_one``.
    """

    code = "ENTITY_NOT_FOUND"
    status = 404

    def __init__(self, entity: Any, entity_id: Any) -> None:
        name = entity if isinstance(entity, str) else getattr(entity, "model_name", None) or entity.__name__
        super().__init__(name, entity_id)
        self.entity_name: str = name
        self.entity_id = entity_id

    def __str__(self) -> str:
        return f"Entity not found: {self.entity_name} with id {json.dumps(self.entity_id, default=_shown)}"


def _shown(value: Any) -> Any:
    """What JSON has no form for: of a member of an enumeration its value."""
    return value.value if isinstance(value, Enum) else str(value)


class ModelValidationError(RepositoryError, ValueError):
    """Data that do not fit their model.

    Remedy:
        Correct the data; ``errors`` has every place.

    Attributes:
        model: The model's name.
        errors: Every problem: ``path`` (JSON pointer), ``code`` (keyword of JSON Schema), ``message``, ``info``.
    """

    code = "VALIDATION_FAILED"
    status = 422

    def __init__(self, model: str, errors: Iterable[Mapping[str, Any]]) -> None:
        self.model = model
        self.errors: list[dict[str, Any]] = [dict(error) for error in errors]
        super().__init__(model, self.errors)

    def __str__(self) -> str:
        shown = "; ".join(error["message"] for error in self.errors[:_SHOWN])
        more = len(self.errors) - _SHOWN
        return f"{self.model} is not valid: {shown}{f'; and {more} more' if more > 0 else ''}."


class InvalidFilterError(RepositoryError, ValueError):
    """A filter or condition that says nothing the model can answer.

    Remedy:
        Use properties of the model and the operators that its type has; the message names the place.
    """

    code = "INVALID_FILTER"
    status = 400

    def __init__(self, reason: str, code: str | None = None) -> None:
        super().__init__(reason, code)
        self.reason = reason
        self.code = code or type(self).code

    def __str__(self) -> str:
        return self.reason


class InvalidRelationError(RepositoryError):
    """A relation that cannot be resolved: ``relation`` is its metadata (``None`` after pickling).

    Remedy:
        Correct the declaration, and register the inclusion resolver of the relation.
    """

    code = "INVALID_RELATION_DEFINITION"

    def __init__(self, reason: str, relation: Any) -> None:
        super().__init__(reason)
        self.reason, self.relation = reason, relation
        source = getattr(relation, "source", None)
        self.place = (
            str(getattr(relation, "type", "relation")),
            getattr(source, "model_name", None) or getattr(source, "__name__", "<Unknown source model>"),
            str(getattr(relation, "name", "")),
        )

    def __str__(self) -> str:
        kind, source, name = self.place
        return f"Invalid {kind} definition for {source}#{name}: {self.reason}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled_relation_error, (type(self), self.reason, self.place)


def _unpickled_relation_error(
    cls: type[InvalidRelationError], reason: str, place: tuple[str, str, str]
) -> InvalidRelationError:
    error = cls(reason, None)
    error.place = place
    return error


class _FieldsError(RepositoryError):
    """A constraint of the database that involves some properties."""

    status = 409
    _words: ClassVar[str]
    _unknown: ClassVar[str]

    def __init__(self, entity_name: str, fields: Iterable[str]) -> None:
        self.entity_name, self.fields = entity_name, tuple(fields)
        super().__init__(entity_name, self.fields)

    def __str__(self) -> str:
        names = ", ".join(self.fields) or self._unknown
        return self._words.format(entity=self.entity_name, fields=names)


class UniqueViolationError(_FieldsError):
    """Another row has these values already; ``fields`` are the properties.

    Remedy:
        Choose other values, or update the row that has them.
    """

    code = "UNIQUE_VIOLATION"
    _words = "{entity} exists already with the same {fields}: choose another value."
    _unknown = "values where they must be unique"


class ForeignKeyViolationError(_FieldsError):
    """A row refers to one that is not there, or is still referred to; ``fields`` are the properties, where known.

    Remedy:
        Create what is referred to first, delete what refers first, or declare ``on_delete``.
    """

    code = "FOREIGN_KEY_VIOLATION"
    _words = "{entity} refers to a row that does not exist, or is still referred to ({fields})."
    _unknown = "a constraint"


class StaleEntityError(RepositoryError):
    """The row was changed since the data were read.

    Remedy:
        Read the row again, carry the change over, and save that.
    """

    code = "STALE_ENTITY"
    status = 409

    def __init__(self, entity_name: str, entity_id: Any, expected: Any, found: Any) -> None:
        super().__init__(entity_name, entity_id, expected, found)
        self.entity_name, self.entity_id, self.expected, self.found = entity_name, entity_id, expected, found

    def __str__(self) -> str:
        shown = json.dumps(self.entity_id, default=str)
        return (
            f"{self.entity_name} with id {shown} was changed meanwhile: version {self.expected} was expected, "
            f"{self.found} found; read it again."
        )


class TransactionError(RepositoryError):
    """A transaction that cannot be used, or that the database gave up.

    Remedy:
        Begin a new one; after a deadlock the whole block may be repeated.

    Attributes:
        retryable: Whether the same work may succeed in a new transaction.
    """

    code = "TRANSACTION_ERROR"

    def __init__(self, reason: str, code: str | None = None, retryable: bool = False) -> None:
        super().__init__(reason, code, retryable)
        self.reason, self.retryable = reason, retryable
        self.code = code or type(self).code

    def __str__(self) -> str:
        return self.reason


class PoolTimeoutError(RepositoryError):
    """No connection became free in time.

    Remedy:
        Close what holds connections (transactions, streams), or raise ``pool.size`` of the data source.
    """

    code = "POOL_TIMEOUT"
    status = 503

    def __init__(self, datasource: str, size: int, max_overflow: int, timeout: float) -> None:
        super().__init__(datasource, size, max_overflow, timeout)
        self.datasource, self.size, self.max_overflow, self.timeout = datasource, size, max_overflow, timeout
        self.retry_after = max(1, round(timeout))
        self.headers = {"Retry-After": str(self.retry_after)}

    def __str__(self) -> str:
        return (
            f"Data source {self.datasource!r}: no connection became free within {self.timeout:g} s (pool size "
            f"{self.size}, overflow {self.max_overflow}); enlarge the pool or shorten the transactions."
        )


class DataSourceError(RepositoryError):
    """A data source that is configured wrongly or cannot be connected.

    Remedy:
        Check its configuration, that the server runs, and that the driver's extra is installed.
    """

    code = "DATASOURCE_ERROR"

    def __init__(self, datasource: str, reason: str) -> None:
        super().__init__(datasource, reason)
        self.datasource, self.reason = datasource, reason

    def __str__(self) -> str:
        return f"Data source {self.datasource!r}: {self.reason}."


class ConnectionLostError(DataSourceError):
    """The connection broke in the middle of something.

    Remedy:
        Repeat the whole unit of work if that is safe; the pool has thrown the connection away.
    """

    code = "CONNECTION_LOST"
    status = 503


class StatementError(DataSourceError):
    """The database refused a statement for a reason of its own.

    Remedy:
        Look at ``__cause__``, the driver's own error.
    """

    code = "STATEMENT_FAILED"


class MigrationError(DataSourceError):
    """The schema cannot be brought to what the models say.

    Remedy:
        Read the statement and the cause; write the revision by hand where the change loses data.
    """

    code = "MIGRATION_REFUSED"


class UnsupportedOperationError(RepositoryError, NotImplementedError):
    """Something this data source cannot do.

    Remedy:
        Use what every data source can do, or another data source.
    """

    code = "NOT_SUPPORTED"
    status = 501
    #: What was asked for cannot be done, which is no failure inside: whoever asked is told what it was.
    expose = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason

    @classmethod
    def of(cls, datasource: str, operation: str) -> Self:
        """The data source of this name does not support an operation."""
        return cls(f"Data source {datasource!r} does not support {operation}.")
