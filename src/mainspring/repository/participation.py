"""Which transaction a call takes part in: the one it was given, the one its task is in, or none."""

import asyncio
from collections.abc import Awaitable, Callable
from random import uniform
from typing import Any, TypeVar

from mainspring.repository.errors import TransactionError
from mainspring.repository.transactions import Savepoint, Transaction, TransactionRegistry

__all__ = ["PRIMARY", "has_task", "participation", "repeated", "would_wait_for_itself"]

T = TypeVar("T")

#: Seconds before the first repetition of a transaction; doubled each time, with some chance, so that two do not meet
#: again.
_BACKOFF = 0.02


class _Primary:
    """What stands in the place of a transaction for calls outside of one that must not ask a replica."""

    def __repr__(self) -> str:
        return "PRIMARY"


PRIMARY = _Primary()


def participation(
    datasource: Any, registry: TransactionRegistry, exclusive: str, given: Any, *, write: bool
) -> Transaction | None:
    """The transaction of a call.

    Args:
        datasource: The data source of the call.
        registry: Its transactions.
        exclusive: Which calls outside an open transaction have to wait for its end: ``all``, ``writes``, ``none``.
        given: What the caller said: ``None`` (the task's own), ``False`` (none), or a transaction.
        write: Whether the call writes.

    Raises:
        TransactionError: It is not open, refuses writes, or the call would wait for its own task.
    """
    found = _chosen(datasource, registry, given)
    if found is None:
        _check_not_waiting_for_itself(datasource, registry, exclusive, write=write)
        return None
    found.check_active()
    root = found.root
    if write and root.options.read_only:
        raise TransactionError("The transaction is read-only: begin one without read_only to write.")
    return root


def _chosen(datasource: Any, registry: TransactionRegistry, given: Any) -> Transaction | Savepoint | None:
    if given is False or given is PRIMARY:
        return None
    if given is None:
        return registry.current()
    if not isinstance(given, Transaction | Savepoint):
        raise TransactionError(f"{given!r} is no transaction; give what begin_transaction() gave.")
    if given.datasource is datasource:
        return given
    if datasource.settings.get("strict_transactions"):
        raise TransactionError(
            f"The transaction belongs to data source {given.datasource.name!r}, the call to {datasource.name!r}."
        )
    return registry.current()


def _check_not_waiting_for_itself(
    datasource: Any, registry: TransactionRegistry, exclusive: str, *, write: bool
) -> None:
    if would_wait_for_itself(registry, exclusive, write=write):
        raise TransactionError(
            f"This task holds a transaction of data source {datasource.name!r}; a call outside it would wait for its "
            "own end: pass transaction=tx."
        )


def would_wait_for_itself(registry: TransactionRegistry, exclusive: str, *, write: bool) -> bool:
    """Whether something outside the transactions that the task holds waits for the end of one.

    Args:
        registry: The transactions.
        exclusive: What has to wait for the end of an open transaction: ``all``, ``writes``, ``none``.
        write: Whether it writes.
    """
    held = registry.held_by_this_task()
    if held is None or exclusive == "none":
        return False
    return exclusive == "all" or (write and not held.options.read_only)


def has_task() -> bool:
    """Whether it is a task that runs."""
    try:
        return asyncio.current_task() is not None
    except RuntimeError:  # no loop is running: begun later, by whoever awaits it
        return False


async def repeated(
    begin: Callable[[], Transaction | Savepoint], work: Callable[[Any], Awaitable[T]], retries: int
) -> T:
    """Do something in a transaction; again in a new one, after a pause, while the database asks for that.

    Raises:
        TransactionError: The last repetition failed as well.
    """
    attempt = 0
    while True:
        try:
            async with begin() as tx:
                return await work(tx)
        except TransactionError as error:
            if not error.retryable or attempt >= retries:
                raise
        await asyncio.sleep(uniform(0.5, 1.0) * _BACKOFF * 2**attempt)
        attempt += 1
