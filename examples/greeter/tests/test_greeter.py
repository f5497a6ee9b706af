"""Greeters come from the component, from boot, from whoever binds one, and go again; each is configured by its key."""

from collections.abc import AsyncIterator

import pytest
from greeter.__main__ import main
from greeter.application import GreeterApplication
from greeter.component import GreeterComponent, GreetingService, UnknownLanguageError, greets
from greeter.greeters.french_greeter import Clock

from mainspring import Application, injectable
from mainspring.core import add_extension
from mainspring.testing import Harness, harness


class At(Clock):
    def __init__(self, hour: int) -> None:
        self.told = hour

    def hour(self) -> int:
        return self.told


@injectable(greets)
class German:
    """What somebody else contributes."""

    language = "de"

    def greet(self, name: str) -> str:
        return f"Hallo, {name}!"


class Swiss(German):
    def greet(self, name: str) -> str:
        return f"Grüezi, {name}!"


@pytest.fixture
async def t() -> AsyncIterator[Harness[GreeterApplication]]:
    async with harness(GreeterApplication, overrides={Clock: At(9)}) as t:
        yield t


async def test_greeters_of_component_and_of_boot_are_chosen_by_language(t: Harness[GreeterApplication]) -> None:
    assert (await t.request("GET", "/languages")).json() == ["en", "cs", "fr"]
    for language, words in {"en": "Hello, Ada!", "cs": "Dobrý den, Ada!", "fr": "Bonjour, Ada !"}.items():
        answer = await t.request("GET", "/greet/Ada", query={"language": language})
        assert (answer.status, answer.text) == (200, words)


async def test_who_asks_for_no_language_is_greeted_in_the_configured_one(t: Harness[GreeterApplication]) -> None:
    assert (await t.request("GET", "/greet/Ada")).text == "Dobrý den, Ada!"


async def test_a_language_that_nobody_speaks_is_not_found(t: Harness[GreeterApplication]) -> None:
    answer = await t.request("GET", "/greet/Ada?language=xx")
    assert answer.status == 404
    assert answer.json()["detail"] == "Nobody here greets in 'xx': there is en, cs, fr."


async def test_a_greeter_has_dependencies(t: Harness[GreeterApplication]) -> None:
    with t.override({Clock: At(21)}):
        assert (await t.request("GET", "/greet/Ada?language=fr")).text == "Bonsoir, Ada !"
    assert (await t.request("GET", "/greet/Ada?language=fr")).text == "Bonjour, Ada !"


async def test_greeters_come_and_go_while_the_application_runs(t: Harness[GreeterApplication]) -> None:
    assert (await t.request("GET", "/greet/Ada?language=de")).status == 404
    binding = t.app.service(German)
    assert (await t.request("GET", "/greet/Ada?language=de")).text == "Hallo, Ada!"
    swiss = add_extension(t.app, "greeters", Swiss, namespace="swiss")
    assert (await t.request("GET", "/greet/Ada?language=de")).text == "Grüezi, Ada!"  # the one bound last
    t.app.unbind(swiss.key)
    t.app.unbind(binding.key)
    assert (await t.request("GET", "/languages")).json() == ["en", "cs", "fr"]


async def test_configuration_of_a_greeter_counts_for_the_next_one_made(t: Harness[GreeterApplication]) -> None:
    t.app.configure("services.CzechGreeter").to({"formal": False})
    assert (await t.request("GET", "/greet/Ada?language=cs")).text == "Ahoj, Ada!"


async def test_the_component_stands_in_any_application() -> None:
    app = Application()
    app.component(GreeterComponent)
    async with app:
        service = await app.get(GreetingService)
        assert await service.greet("Ada") == "Hello, Ada!"
        with pytest.raises(UnknownLanguageError, match="there is en"):
            await service.greet("Ada", "cs")


def test_the_command_line_greets(capsys: pytest.CaptureFixture[str]) -> None:
    main(["Ada", "--language", "en"])
    assert capsys.readouterr().out == "Hello, Ada!\n"
    with pytest.raises(SystemExit) as stopped:
        main(["Ada", "--language", "xx"])
    assert stopped.value.code == 2
    assert "Nobody here greets in 'xx'" in capsys.readouterr().err
