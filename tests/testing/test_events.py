"""What happens in an application, noted during a block."""

import pytest

from mainspring.core import Application
from mainspring.repository import DataSource, DefaultCrudRepository, Entity, RepositoryMixin, field, model
from mainspring.rest import RestApplication
from mainspring.rest import get as get_route
from mainspring.testing import HarnessClosedError, capture_events, harness


@model
class Note(Entity):
    id: int | None = field(id=True, default=None)
    text: str = ""


class Notes(DefaultCrudRepository[Note, int]):
    def __init__(self, datasource: DataSource) -> None:
        super().__init__(Note, datasource)


class Controller:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    @get_route("/notes")
    async def all(self) -> list[Note]:
        return await self.notes.find()


class App(RepositoryMixin, RestApplication):
    def __init__(self, config: object = None) -> None:
        super().__init__(config)
        self.datasource(DataSource({"name": "db", "connector": "memory"}))
        self.repository(Notes)
        self.controller(Controller)


async def test_the_life_of_an_application_is_noted_from_before_its_start() -> None:
    app = Application()
    with capture_events(app) as events:
        async with app:
            app.bind("word").to("at")
        assert events.states == ["initializing", "initialized", "starting", "started", "stopping", "stopped"]
        assert [binding.key for binding in events.of("bind")] == ["word"]
        assert [event.name for event in events[-3:]] == ["bind", "state_changed", "state_changed"]
    app.bind("later").to(1)
    assert len(events) == len([*events]) == 7


async def test_requests_show_their_statements_and_bindings_come_and_go() -> None:
    async with harness(App) as t:
        await t.request("GET", "/notes")
        with t.capture() as events:
            assert (await t.request("GET", "/notes")).json() == []
            assert len(events.statements) == 1
            assert events.statements[0].startswith("SELECT")
            events.clear()
            t.app.bind("word").to("at")
            t.app.unbind("word")
            t.app.rest_server.bind("mine").to(1)
            events.note("mine", t, "own")
        await t.request("GET", "/notes")
        assert [(event.name, getattr(event.detail, "key", "")) for event in events] == [
            ("bind", "word"),
            ("unbind", "word"),
            ("bind", "mine"),
            ("mine", ""),
        ]
        assert repr(events) == "<CapturedEvents ['bind', 'unbind', 'bind', 'mine']>"


async def test_data_sources_that_the_start_makes_are_heard() -> None:
    app = App()
    with capture_events(app) as events:
        async with app:
            await (await app.get(Notes)).create(Note(text="x"))
    assert any(text.startswith("INSERT") for text in events.statements)
    assert [event.sql for event in events.of("query") if event.kind == "transaction"] == []


async def test_outside_of_the_harness_it_is_refused() -> None:
    async with harness(App) as t:
        pass
    with pytest.raises(HarnessClosedError), t.capture():
        pytest.fail("not reached")
