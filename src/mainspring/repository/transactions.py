"""Transactions, their savepoints, and which of them a task is in.

A transaction belongs to a data source. Inside ``async with`` the calls of the task that entered it take part by
themselves; tasks it starts do not. Whatever ends the block, cancellation included, ends the transaction first.
"""

import asyncio
import inspect
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, ClassVar, Self
from weakref import WeakKeyDictionary

from mainspring.repository.connectors import TransactionHandle, TransactionOptions
from mainspring.repository.errors import TransactionError
from mainspring.repository.shielding import finish

__all__ = ["Savepoint", "Transaction", "TransactionRegistry", "isolation_of"]

logger = logging.getLogger(__name__)

_LEVELS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")

_TIMEOUT = "TRANSACTION_TIMEOUT"


def isolation_of(level: str | None) -> str | None:
    """An isolation level in the words of SQL.

    Raises:
        TransactionError: There is no such level.
    """
    if level is None:
        return None
    found = str(level).upper().replace("_", " ").strip()
    if found not in _LEVELS:
        raise TransactionError(f"There is no isolation level {level!r}; there are {', '.join(_LEVELS)}.")
    return found


class TransactionRegistry:
    """The transactions of one data source that are open, and the blocks each task is in."""

    def __init__(self) -> None:
        self._blocks: WeakKeyDictionary[asyncio.Task[Any], list[Any]] = WeakKeyDictionary()
        self.open: set[Transaction] = set()

    def current(self) -> "Transaction | Savepoint | None":
        """The innermost block of the running task."""
        if not self._blocks:
            return None
        task = asyncio.current_task()
        blocks = self._blocks.get(task) if task is not None else None
        return blocks[-1] if blocks else None

    def enter(self, block: "Block") -> None:
        """The running task enters a block."""
        task = asyncio.current_task()
        if task is None:
            raise TransactionError("A transaction is entered by a task; there is none.")
        self._blocks.setdefault(task, []).append(block)

    def leave(self, block: "Block") -> None:
        """The block is left, by whichever task."""
        for task, blocks in list(self._blocks.items()):
            if block in blocks:
                blocks.remove(block)
                if not blocks:
                    del self._blocks[task]

    def held_by_this_task(self) -> "Transaction | None":
        """An open transaction that the running task has begun; of several one that writes."""
        if not self.open:
            return None
        task = asyncio.current_task()
        own = [each for each in self.open if each.owner is task]
        return next((each for each in own if not each.options.read_only), own[0] if own else None)

    async def roll_back(self) -> None:
        """Roll back what is open."""
        for transaction in list(self.open):
            await transaction.rollback()


class Block(ABC):
    """What transactions and savepoints have in common: begun once, ended once, by hand or by ``async with``.

    Whatever ends the block, cancellation included, ends what it is about first.
    """

    #: What it is called in messages, and how one gets another.
    _noun: ClassVar[str]
    _again: ClassVar[str]

    def __init__(self, registry: TransactionRegistry) -> None:
        self._registry = registry
        self._state = "not begun"

    @property
    def is_active(self) -> bool:
        """Whether it is open."""
        return self._state == "active"

    def check_active(self) -> None:
        """Refuse to be used when it is not open.

        Raises:
            TransactionError: The state is named.
        """
        if self._state != "active":
            raise TransactionError(f"The {self._noun} is {self._state}: {self._again}.")

    def __await__(self) -> Generator[Any, None, Self]:
        return self._start().__await__()

    async def _start(self) -> Self:
        if self._state != "not begun":
            raise TransactionError(f"The {self._noun} is {self._state} already: {self._again}.")
        await self._begun()
        return self

    async def __aenter__(self) -> Self:
        await self._start()
        self._registry.enter(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._registry.leave(self)
        if error is None:
            if not self._is_over:
                await self.commit()
        elif self.is_active:
            try:
                await self.rollback()
            except Exception as also:  # a failure to undo must not hide why
                error.add_note(f"and, while rolling the {self._noun} back: {also!r}")

    async def commit(self) -> None:
        """Keep the writes.

        Raises:
            TransactionError: It is not open.
        """
        self.check_active()
        await self._end("committed")

    async def rollback(self) -> None:
        """Undo the writes; a second time does nothing.

        Raises:
            TransactionError: It was committed.
        """
        if self._is_undone:
            return
        self.check_active()
        await self._end("rolled back")

    @property
    def _is_undone(self) -> bool:
        return self._state == "rolled back"

    @property
    def _is_over(self) -> bool:
        """Whether it was ended by hand inside its block."""
        return self._state in ("rolled back", "committed")

    @abstractmethod
    async def _begun(self) -> None:
        """Begin, and be active."""

    @abstractmethod
    async def _end(self, state: str) -> None:
        """End in a state: ``committed`` or ``rolled back``."""


class Transaction(Block):
    """One transaction: ``async with`` it, or ``await`` it and end it by hand.

    Attributes:
        datasource: The data source it belongs to.
        owner: The task that began it.
        handle: What the connector gave.
        lock: Held while a statement runs: a connection does one thing at a time.
        deadline: When it is rolled back by itself, on the clock of the event loop.
    """

    _noun, _again = "transaction", "begin a new one"

    def __init__(
        self,
        datasource: Any,
        begin: Callable[[TransactionOptions], Any],
        registry: TransactionRegistry,
        options: TransactionOptions,
        timeout: float | None = None,
    ) -> None:
        super().__init__(registry)
        self.datasource = datasource
        self.options = options
        self.owner: asyncio.Task[Any] | None = None
        self.lock = asyncio.Lock()
        self._begin, self._timeout = begin, timeout
        self._handle: TransactionHandle | None = None
        self._on_commit: list[Callable[[], Any]] = []
        self._savepoints = 0
        self.deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._expiry: asyncio.Task[None] | None = None

    @property
    def root(self) -> "Transaction":
        """Itself; of a savepoint the transaction around it."""
        return self

    @property
    def handle(self) -> Any:
        """The open transaction of the connector.

        Raises:
            TransactionError: It is not open (any more).
        """
        self.check_active()
        return self._handle

    def check_active(self) -> None:
        """Refuse to be used when it is not open.

        Raises:
            TransactionError: The state is named.
        """
        if self._state == "timed out":
            raise TransactionError(
                f"The transaction was rolled back by itself, as its timeout of {self._timeout:g} s passed.", _TIMEOUT
            )
        super().check_active()

    @property
    def _is_undone(self) -> bool:
        return self._state in ("rolled back", "timed out")

    async def _begun(self) -> None:
        self._handle = await self._begin(self.options)
        self._state = "active"
        self.owner = asyncio.current_task()
        self._registry.open.add(self)
        if self._timeout is not None:
            loop = asyncio.get_running_loop()
            self.deadline = loop.time() + self._timeout
            self._timer = loop.call_at(self.deadline, self._expire)

    async def _end(self, state: str) -> None:
        if state == "rolled back":
            await finish(self._undo(state))
            return
        await finish(self._commit())
        await self._run_callbacks()

    async def _commit(self) -> None:
        async with self.lock:
            self.check_active()  # its time may have passed meanwhile
            handle = self._closed("rolled back")
            try:
                await handle.commit()
            except BaseException:
                await handle.rollback()
                raise
            self._state = "committed"

    async def _undo(self, state: str) -> None:
        async with self.lock:
            if self.is_active:
                await self._closed(state).rollback()

    def _closed(self, state: str) -> TransactionHandle:
        self._state = state
        self._registry.open.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        assert self._handle is not None  # it was active
        return self._handle

    def _expire(self) -> None:
        if self.is_active:
            self._expiry = asyncio.ensure_future(self.expire())

    async def expire(self) -> None:
        """Undo the writes as the time has passed."""
        if self.is_active:
            await finish(self._undo("timed out"))

    async def _run_callbacks(self) -> None:
        callbacks, self._on_commit = self._on_commit, []
        for callback in callbacks:
            try:
                result = callback()
                if inspect.isawaitable(result):
                    await result
            except Exception:  # the data are stored: a callback cannot take that back
                logger.exception("A callback of on_commit failed.")

    def on_commit(self, callback: Callable[[], Any]) -> None:
        """Call a function (plain or ``async``) after the outermost commit; never after a rollback.

        Raises:
            TransactionError: It is not open.
        """
        self.check_active()
        self._on_commit.append(callback)

    def savepoint(self) -> "Savepoint":
        """A part that can be undone by itself: ``async with tx.savepoint():``.

        Raises:
            TransactionError: It is not open.
        """
        self.check_active()
        self._savepoints += 1
        return Savepoint(self, f"mainspring_{self._savepoints}", self._registry)

    # What savepoints need.

    def callbacks_since(self, count: int) -> None:
        """Forget the callbacks registered after the first ``count``."""
        del self._on_commit[count:]

    @property
    def callback_count(self) -> int:
        """How many callbacks wait for the commit."""
        return len(self._on_commit)

    async def at_point(self, operation: str, name: str) -> None:
        """Do something with a savepoint, when no statement runs."""
        async with self.lock:
            await getattr(self.handle, operation)(name)


class Savepoint(Block):
    """A part of a transaction; has the methods of one."""

    _noun, _again = "savepoint", "make a new one"

    def __init__(self, transaction: Transaction, name: str, registry: TransactionRegistry) -> None:
        super().__init__(registry)
        self._transaction, self._name = transaction, name
        self._callbacks = 0

    @property
    def root(self) -> Transaction:
        """The transaction around it."""
        return self._transaction

    @property
    def datasource(self) -> Any:
        """The data source."""
        return self._transaction.datasource

    @property
    def is_active(self) -> bool:
        """Whether it is open, and the transaction too."""
        return super().is_active and self._transaction.is_active

    def check_active(self) -> None:
        """Refuse to be used when it is not open, or the transaction is not.

        Raises:
            TransactionError: The state is named.
        """
        self._transaction.check_active()
        super().check_active()

    @property
    def _is_over(self) -> bool:
        return not self.is_active  # with the transaction, the savepoint is over as well

    async def _begun(self) -> None:
        await self._transaction.at_point("savepoint", self._name)
        self._callbacks = self._transaction.callback_count
        self._state = "active"

    async def _end(self, state: str) -> None:
        self._state = state
        if state == "rolled back":
            self._transaction.callbacks_since(self._callbacks)
        operation = "release" if state == "committed" else "rollback_to"
        await finish(self._transaction.at_point(operation, self._name))

    def savepoint(self) -> "Savepoint":
        """A part of this part."""
        self.check_active()
        return self._transaction.savepoint()

    def on_commit(self, callback: Callable[[], Any]) -> None:
        """Call a function after the outermost commit, unless this part is rolled back."""
        self.check_active()
        self._transaction.on_commit(callback)
