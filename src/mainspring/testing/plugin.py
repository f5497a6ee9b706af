"""The fixtures of pytest. Every pytest of an environment that has Mainspring reads this module, so it imports nothing.

All names begin with ``mainspring_``. The first four are there to be given another meaning in a ``conftest.py``; the
others run what these say. Async tests are run by pytest-asyncio, in either mode and any scope of its loops, or by anyio
on asyncio: the application lives in the event loop of its test. Tests that are plain functions ask
``mainspring_blocking_harness``.
"""

import importlib
import inspect
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any, Literal, NoReturn

import pytest

__all__: list[str] = []

#: The scopes that event loops of pytest-asyncio have.
_SCOPES: tuple[Literal["function", "class", "module", "package", "session"], ...] = (
    "function",
    "class",
    "module",
    "package",
    "session",
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the fixtures for pytest-asyncio where that is loaded."""
    if not config.pluginmanager.has_plugin("asyncio"):
        return
    import pytest_asyncio  # noqa: PLC0415 - the user's choice; it has been imported by now

    fixtures = ModuleType("mainspring-asyncio")
    for scope in _SCOPES:  # a fixture runs in the loop of its test; pytest-asyncio writes the scope onto the function
        setattr(fixtures, _name(scope), pytest_asyncio.fixture(loop_scope=scope, name=_name(scope))(_opening()))
    config.pluginmanager.register(fixtures)


def _name(scope: str) -> str:
    return f"_mainspring_harness_{scope}"


# What is to be run: to be given another meaning


@pytest.fixture
def mainspring_app(pytestconfig: pytest.Config) -> Any:
    """What is tested: a class of applications, a factory, or an application. By default [tool.mainspring] app."""
    import tomllib  # noqa: PLC0415 - only this default needs it

    file = pytestconfig.rootpath / "pyproject.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    said = table.get("tool", {}).get("mainspring", {}).get("app")
    if not isinstance(said, str) or ":" not in said:
        _refuse(
            f"There is no application to test: write a fixture `mainspring_app` that returns its class, or "
            f'[tool.mainspring] app = "module:attribute" into {file}.'
        )
    module, _, attribute = said.partition(":")
    found: Any = importlib.import_module(module)
    for name in attribute.split("."):
        found = getattr(found, name)
    return found


@pytest.fixture
def mainspring_config() -> Any:
    """The configuration of the class or factory; none by default."""
    return None


@pytest.fixture
def mainspring_overrides() -> dict[Any, Any]:
    """What takes the place of bindings from the beginning; nothing by default."""
    return {}


@pytest.fixture
def mainspring_network() -> bool:
    """Whether the servers listen; by default they do not, and are asked in process."""
    return False


# Running it


@pytest.fixture
def mainspring_harness(request: pytest.FixtureRequest) -> Any:
    """The application, started for this test in its event loop: a `Harness`."""
    if not inspect.iscoroutinefunction(inspect.unwrap(request.function)):
        _refuse(
            f"{request.node.name} is no coroutine function, and mainspring_harness is for those: make it `async def`, "
            "or ask for mainspring_blocking_harness."
        )
    if "anyio_backend" in request.fixturenames:
        backend = request.getfixturevalue("anyio_backend")
        if (backend if isinstance(backend, str) else backend[0]) != "asyncio":
            _refuse("Mainspring runs on asyncio: let the fixture `anyio_backend` return 'asyncio'.")
        return request.getfixturevalue("_mainspring_harness")
    marker = request.node.get_closest_marker("asyncio")
    if marker is None:
        _refuse(
            f"Nothing runs {request.node.name}: install pytest-asyncio and mark it with pytest.mark.asyncio (or set "
            'asyncio_mode = "auto"), or mark it with pytest.mark.anyio.'
        )
    scope = marker.kwargs.get("loop_scope") or request.config.getini("asyncio_default_test_loop_scope")
    return request.getfixturevalue(_name(scope))


def _refuse(reason: str) -> NoReturn:
    pytest.fail(reason, pytrace=False)


def _opening() -> Any:
    """A new function of a fixture that opens the harness of a test."""

    async def opened(_mainspring_unopened: Any, request: pytest.FixtureRequest) -> AsyncIterator[Any]:
        async with _mainspring_unopened as t:
            if "mainspring_rollback" not in request.fixturenames:
                yield t
                return
            async with t.rolled_back():
                yield t

    return opened


#: For anyio, which runs every async fixture of its tests.
_mainspring_harness = pytest.fixture(_opening(), name="_mainspring_harness")


@pytest.fixture
def _mainspring_unopened(
    request: pytest.FixtureRequest,
    mainspring_app: Any,
    mainspring_config: Any,
    mainspring_overrides: dict[Any, Any],
    mainspring_network: bool,
) -> Any:
    from mainspring.testing import harness  # noqa: PLC0415 - only who tests an application pays for the framework

    overrides = dict(mainspring_overrides)
    if "mainspring_clock" in request.fixturenames:
        from mainspring.core import Clock  # noqa: PLC0415 - as above

        overrides[Clock] = request.getfixturevalue("mainspring_clock")
    return harness(mainspring_app, mainspring_config, overrides=overrides, network=mainspring_network)


@pytest.fixture
def mainspring_client(mainspring_harness: Any) -> Any:
    """The ``httpx2.AsyncClient`` of `mainspring_harness`."""
    return mainspring_harness.client


@pytest.fixture
def mainspring_blocking_harness(request: pytest.FixtureRequest, _mainspring_unopened: Any) -> Iterator[Any]:
    """The application, started for this test in a thread of its own: a `BlockingHarness`, for plain functions."""
    from mainspring.testing import BlockingHarness  # noqa: PLC0415 - only who tests an application pays for it

    with BlockingHarness(_mainspring_unopened) as t:
        if "mainspring_rollback" not in request.fixturenames:
            yield t
            return
        with t.rolled_back():
            yield t


# What else a test may ask for


@pytest.fixture
def mainspring_clock() -> Any:
    """A `FrozenClock` in the place of the application's clock; it stands at the present until the test moves it."""
    from mainspring.testing import FrozenClock  # noqa: PLC0415 - as above

    return FrozenClock()


@pytest.fixture
def mainspring_rollback(request: pytest.FixtureRequest) -> None:
    """What the test writes to SQL databases is gone after it; see `Harness.rolled_back`."""
    _harness_of(request)


@pytest.fixture
def mainspring_events(request: pytest.FixtureRequest) -> Iterator[Any]:
    """What happens in the application from its start on: `CapturedEvents`."""
    with _harness_of(request).capture() as events:
        yield events


def _harness_of(request: pytest.FixtureRequest) -> Any:
    is_blocking = "mainspring_blocking_harness" in request.fixturenames
    return request.getfixturevalue("mainspring_blocking_harness" if is_blocking else "mainspring_harness")
