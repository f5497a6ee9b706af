"""An application with stages, called in process."""

from collections.abc import Callable
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
