"""The fixtures of pytest, as a project of a user runs them: by pytest-asyncio in its modes, by anyio, or by neither."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

APPLICATION = """
from mainspring import DataSource, DefaultCrudRepository, Entity, RepositoryMixin, RestApplication, field, model, rest
from mainspring.core import Clock

@model
class Note(Entity):
    id: int | None = field(id=True, generated=True, default=None)
    text: str = ""

class Notes(DefaultCrudRepository[Note, int]):
    def __init__(self, datasource: DataSource) -> None:
        super().__init__(Note, datasource)

class Controller:
    def __init__(self, notes: Notes, clock: Clock) -> None:
        self.notes, self.clock = notes, clock

    @rest.get("/notes")
    async def all(self) -> list[Note]:
        return await self.notes.find()

    @rest.post("/notes")
    async def add(self, note: Note) -> Note:
        return await self.notes.create(note)

    @rest.get("/now")
    def now(self) -> float:
        return self.clock.time()

class App(RepositoryMixin, RestApplication):
    def __init__(self, config=None) -> None:
        super().__init__(config)
        self.datasource(DataSource({"name": "db", "connector": "sqlite", "database": "notes.db"}))
        self.repository(Notes)
        self.controller(Controller)
        self.on_start(self.migrate_schema)
"""

PROJECT = """
[tool.mainspring]
app = "application:App"

[tool.pytest.ini_options]
pythonpath = ["."]
filterwarnings = ["error"]
asyncio_default_fixture_loop_scope = "function"
"""

ASYNC_TESTS = """
import pytest
from mainspring.testing import CapturedEvents, FrozenClock, Harness

{mark}

@pytest.fixture
def anyio_backend():
    return "asyncio"

@{fixture}
async def written(mainspring_harness: Harness, mainspring_rollback: None) -> int:
    answer = await mainspring_harness.request("POST", "/notes", json={{"text": "x"}})
    return answer.json()["id"]

async def test_writing(written: int, mainspring_client, mainspring_events: CapturedEvents) -> None:
    assert [note["id"] for note in (await mainspring_client.get("/notes")).json()] == [written]
    assert len(mainspring_events.statements) == 1

async def test_nothing_is_left(mainspring_harness: Harness, mainspring_clock: FrozenClock) -> None:
    assert (await mainspring_harness.request("GET", "/notes")).json() == []
    mainspring_clock.move_to(5)
    assert (await mainspring_harness.request("GET", "/now")).json() == 5

class TestOfAClass:
    async def test_in_a_method(self, mainspring_harness: Harness) -> None:
        assert mainspring_harness.app.state == "started"
"""

PLAIN_TESTS = """
import urllib.request
import pytest
from mainspring.core import Clock
from mainspring.testing import BlockingHarness, CapturedEvents, FrozenClock

def test_writing(
    mainspring_blocking_harness: BlockingHarness, mainspring_rollback: None, mainspring_events: CapturedEvents
) -> None:
    t = mainspring_blocking_harness
    assert t.client.post("/notes", json={"text": "x"}).status_code == 200
    assert len(t.request("GET", "/notes").json()) == 1
    assert len(mainspring_events.statements) == 2

def test_nothing_is_left(mainspring_blocking_harness: BlockingHarness, mainspring_clock: FrozenClock) -> None:
    t = mainspring_blocking_harness
    assert t.client.get("/notes").json() == []
    mainspring_clock.move_to(5)
    assert t.request("GET", "/now").json() == 5
    with t.override({Clock: FrozenClock(6)}):
        assert t.request("GET", "/now").json() == 6
    with t.override_requests({Clock: FrozenClock(7)}):
        assert t.client.get("/now").json() == 7
        assert t.run(t.app.get(Clock)).time() == 5
    assert t.request("GET", "/now").json() == 5

class TestOverASocket:
    @pytest.fixture
    def mainspring_network(self) -> bool:
        return True

    @pytest.fixture
    def mainspring_overrides(self) -> dict:
        return {Clock: FrozenClock(8)}

    @pytest.fixture
    def mainspring_config(self) -> dict:
        return {"rest": {"base_path": "/api"}}

    def test_it_answers_while_the_test_waits(self, mainspring_blocking_harness: BlockingHarness) -> None:
        t = mainspring_blocking_harness
        with urllib.request.urlopen(f"{t.url}/now") as answer:
            assert answer.read() == b"8.0"
        assert t.client.get("/now").json() == 8
"""


@pytest.fixture
def run(tmp_path: Path):
    """Run pytest on test files in a project; gives what it said and how many tests had which outcome."""

    def run(*tests: str, options: tuple[str, ...] = (), project: str = PROJECT) -> tuple[str, dict[str, int]]:
        (tmp_path / "application.py").write_text(APPLICATION)
        (tmp_path / "pyproject.toml").write_text(project)
        for number, text in enumerate(tests):
            (tmp_path / f"test_{number}.py").write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        counts = re.findall(r"(\d+) (passed|failed|error|skipped)", done.stdout.splitlines()[-1])
        return done.stdout + done.stderr, {outcome: int(count) for count, outcome in counts}

    return run


ASYNCIO = ASYNC_TESTS.format(mark="pytestmark = pytest.mark.asyncio", fixture="__import__('pytest_asyncio').fixture")
LOOP_OF_A_MODULE = ASYNC_TESTS.format(
    mark="pytestmark = pytest.mark.asyncio(loop_scope='module')",
    fixture="__import__('pytest_asyncio').fixture(loop_scope='module')",
)
ANYIO = ASYNC_TESTS.format(mark="pytestmark = pytest.mark.anyio", fixture="pytest.fixture")
UNMARKED = ASYNC_TESTS.format(mark="", fixture="pytest.fixture")

AUTO = ("-o", "asyncio_mode=auto")
LOOP_OF_THE_SESSION = (
    *AUTO,
    *("-o", "asyncio_default_test_loop_scope=session"),
    *("-o", "asyncio_default_fixture_loop_scope=session"),
)
WITHOUT_PYTEST_ASYNCIO = ("-p", "no:asyncio", "-W", "ignore::pytest.PytestConfigWarning")


@pytest.mark.parametrize(
    ("tests", "options"),
    [
        ((ASYNCIO, LOOP_OF_A_MODULE, ANYIO), ()),
        ((UNMARKED,), AUTO),
        ((UNMARKED,), LOOP_OF_THE_SESSION),
        ((ANYIO,), WITHOUT_PYTEST_ASYNCIO),
    ],
    ids=["strict", "auto", "a loop for the session", "anyio alone"],
)
def test_async_tests_have_the_application_in_their_loop(run, tests: tuple[str, ...], options: tuple[str, ...]) -> None:
    said, outcomes = run(*tests, options=options)
    assert outcomes == {"passed": 3 * len(tests)}, said


def test_plain_tests_have_it_in_a_thread(run) -> None:
    said, outcomes = run(PLAIN_TESTS)
    assert outcomes == {"passed": 3}, said


def test_wrong_uses_are_told_in_one_line(run) -> None:
    said, outcomes = run(
        textwrap.dedent("""
            import pytest

            @pytest.fixture
            def anyio_backend():
                return "trio"

            def test_plain(mainspring_harness):
                pass

            @pytest.mark.anyio
            async def test_trio(mainspring_harness):
                pass

            async def test_unmarked(mainspring_harness):
                pass

            @pytest.mark.asyncio
            async def test_without_an_application(mainspring_harness):
                pass
        """),
        project=PROJECT.replace("app =", "other ="),
    )
    assert outcomes == {"error": 4}, said
    for words in (
        "test_plain is no coroutine function, and mainspring_harness is for those: make it `async def`, or ask for",
        "Mainspring runs on asyncio: let the fixture `anyio_backend` return 'asyncio'.",
        "Nothing runs test_unmarked: install pytest-asyncio and mark it with pytest.mark.asyncio",
        "There is no application to test: write a fixture `mainspring_app` that returns its class, or",
    ):
        assert words in said
    assert "plugin.py:" not in said


def test_who_does_not_use_it_pays_nothing(run) -> None:
    said, outcomes = run(
        textwrap.dedent("""
            import sys

            def test_what_is_imported():
                assert sorted(name for name in sys.modules if name.startswith("mainspring")) == [
                    "mainspring", "mainspring.lazy", "mainspring.testing", "mainspring.testing.plugin"
                ]
        """)
    )
    assert outcomes == {"passed": 1}, said
