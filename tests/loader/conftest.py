"""What tests of the loader share: an application with stages, files, and a record of what was logged."""

import logging
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainspring.loader.stages import StageRegistry
from mainspring.rest import RestApplication
from mainspring.rest.inprocess import InProcessAnswer, call_in_process


class Staged:
    """A `RestApplication` with a `StageRegistry`, and what its middleware noted."""

    def __init__(self, *controllers: type[Any], config: Any = None) -> None:
        self.app = RestApplication({"rest": config or {}})
        self.stages = StageRegistry(self.app)
        self.events: list[Any] = []
        for controller in controllers:
            self.app.controller(controller)

    def use(self, *middleware: Any, **options: Any) -> None:
        self.stages.use(*middleware, **options)

    def use_behind(self, *middleware: Any, **options: Any) -> None:
        self.stages.behind_routes = True
        self.stages.use(*middleware, **options)

    async def __call__(self, method: str, path: str, **given: Any) -> InProcessAnswer:
        return await call_in_process(self.app, method, path, **given)

    async def json(self, method: str, path: str, **given: Any) -> Any:
        return (await self(method, path, **given)).json()


@pytest.fixture(name="staged")
def make_staged() -> Callable[..., Staged]:
    """Makes one."""
    return Staged


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below the folder of the test; its text may be indented."""

    def written(name: str, text: str = "") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
        return file

    return written


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[..., list[str]]:
    """The messages of the loader, from a level on."""
    caplog.set_level(logging.INFO, "mainspring.loader")

    def messages(level: int = logging.WARNING) -> list[str]:
        return [
            record.getMessage()
            for record in caplog.records
            if record.name == "mainspring.loader" and record.levelno >= level
        ]

    return messages
