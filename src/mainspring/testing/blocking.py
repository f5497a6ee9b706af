"""A harness for code without a coroutine in sight: the application runs in a thread with an event loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from mainspring.core import Application
from mainspring.rest.inprocess import InProcessAnswer
from mainspring.testing.client import new_blocking_client
from mainspring.testing.events import CapturedEvents
from mainspring.testing.harnesses import Harness, HarnessClosedError

__all__ = ["BlockingHarness"]

A = TypeVar("A", bound=Application)
T = TypeVar("T")


class BlockingHarness(Generic[A]):
    """A `Harness` for tests that are plain functions: ``with BlockingHarness(harness(MyApp)) as t:``.

    Whoever asks waits; the application goes on meanwhile, so that a program that speaks to its socket may be tested as
    well.

    Args:
        harness: What `harness` made; not opened.
    """

    def __init__(self, harness: Harness[A]) -> None:
        self._harness = harness
        self._runner = asyncio.Runner()
        self._thread: threading.Thread | None = None
        self._client: Any = None

    def __enter__(self) -> Self:
        loop = self._runner.get_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="application under test", daemon=True)
        self._thread.start()
        try:
            self.run(self._harness.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._client is not None:
                self._client.close()
            self.run(self._harness.__aexit__(kind, error, trace))
        finally:
            self._end()

    def _end(self) -> None:
        thread, self._thread = self._thread, None
        assert thread is not None  # it was entered
        self._runner.get_loop().call_soon_threadsafe(self._runner.get_loop().stop)
        thread.join()
        self._runner.close()

    @property
    def app(self) -> A:
        """The application. What belongs to its event loop is called by `run`."""
        return self._harness.app

    @property
    def url(self) -> str | None:
        """The URL of the first server that listens; ``None`` when the network is off."""
        return self._harness.url

    @property
    def client(self) -> Any:
        """An ``httpx2.Client`` of the application: over its socket when the network is on, else in process.

        Raises:
            HarnessClosedError: Outside of the block.
            ClientMissingError: httpx2 is not installed.
        """
        if self._thread is None:
            raise HarnessClosedError
        if self._client is None:
            self._client = new_blocking_client(self.app, self.url, self.run)
        return self._client

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run something in the event loop of the application and wait for it: ``t.run(t.app.get(Service))``.

        Raises:
            HarnessClosedError: Outside of the block.
            Exception: What it raises.
        """
        if self._thread is None:
            coroutine.close()
            raise HarnessClosedError
        return asyncio.run_coroutine_threadsafe(coroutine, self._runner.get_loop()).result()

    def request(self, method: str, path: str, **options: Any) -> InProcessAnswer:
        """One request, in process; see `Harness.request`."""
        return self.run(self._harness.request(method, path, **options))

    def override(self, replacements: Mapping[Any, Any]) -> AbstractContextManager[None]:
        """Other values in place of what is bound, inside the block; see `Harness.override`."""
        return self._inside(lambda: _Entered(self._harness.override(replacements)))

    def override_requests(self, replacements: Mapping[Any, Any]) -> AbstractContextManager[None]:
        """The same for the requests that begin inside the block; see `Harness.override_requests`."""
        return self._inside(lambda: _Entered(self._harness.override_requests(replacements)))

    def capture(self) -> AbstractContextManager[CapturedEvents]:
        """Note what happens inside the block; see `Harness.capture`."""
        return self._inside(lambda: _Entered(self._harness.capture()))

    def rolled_back(self, *datasources: Any) -> AbstractContextManager[None]:
        """What is written to databases inside the block is gone after it; see `Harness.rolled_back`."""
        return self._inside(lambda: self._harness.rolled_back(*datasources))

    @contextmanager
    def _inside(self, make: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
        """Enter and leave a block in the event loop of the application."""
        block = make()
        value = self.run(_awaited(block.__aenter__))
        try:
            yield value
        except BaseException as error:
            if not self.run(_awaited(block.__aexit__, type(error), error, error.__traceback__)):
                raise
        else:
            self.run(_awaited(block.__aexit__, None, None, None))


async def _awaited(function: Callable[..., Any], *arguments: Any) -> Any:
    return await function(*arguments)


class _Entered(AbstractAsyncContextManager[T]):
    """A plain block as an async one."""

    def __init__(self, block: AbstractContextManager[T]) -> None:
        self._block = block

    async def __aenter__(self) -> T:
        return self._block.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._block.__exit__(kind, error, trace)
