"""Raw SQL of programs: one statement, its parameters always bound."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from mainspring.repository.errors import StatementError
from mainspring.repository.filters import Count
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.scanning import Scanned, scan

__all__ = ["run_command"]


def run_command(connection: Connection, dialect: Dialect, command: str, parameters: Any) -> Any:
    """Run one statement.

    Args:
        connection: Where.
        dialect: The database.
        command: With ``:name`` or ``?``.
        parameters: A mapping for names, a sequence for question marks.

    Raises:
        StatementError: Several statements, or parameters that are missing or too many.
    """
    datasource = dialect.datasource
    if not isinstance(command, str) or not command.strip():
        raise StatementError(datasource, "a command is a text with one statement")
    scanned = scan(command, dialect.name)
    if scanned.has_more:
        raise StatementError(datasource, "a command is one statement; several in one text are refused")
    result = connection.execute(text(scanned.text), _bound(datasource, scanned, parameters))
    if result.returns_rows:
        return [dict(row) for row in result.mappings().all()]
    return Count(max(result.rowcount, 0))


def _bound(datasource: str, scanned: Scanned, parameters: Any) -> dict[str, Any]:
    given: dict[str, Any]
    if parameters is None:
        given = {}
    elif isinstance(parameters, Mapping):
        given = {str(name): value for name, value in parameters.items()}
    elif isinstance(parameters, Sequence) and not isinstance(parameters, str | bytes):
        given = {f"positional_{number}": value for number, value in enumerate(parameters)}
    else:
        raise StatementError(datasource, "parameters are a mapping of names or a sequence")
    missing, extra = scanned.names - set(given), set(given) - scanned.names
    if missing or extra:
        raise StatementError(
            datasource, f"the parameters do not match: {_shown('missing', missing)}{_shown('extra', extra)}"
        )
    return given


def _shown(word: str, names: Iterable[str]) -> str:
    found = ", ".join(sorted(names))
    return f"{word} {found} " if found else ""
