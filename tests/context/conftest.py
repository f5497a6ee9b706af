"""What several tests of the context need."""

import sys
import textwrap
import types
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mainspring.context import Context, inject


@pytest.fixture
def ctx() -> Context:
    """A context with a few values."""
    context = Context("app")
    context.bind("name").to("Ada")
    context.bind("rest.port").to(80)
    context.bind("cfg").to({"a": {"b": 7, "none": None}, "list": [1, 2]})
    return context


@pytest.fixture
def every_way() -> Callable[[Context, Any], Awaitable[list[Any]]]:
    """The values of a key got sync and async, before and after a plan is made."""

    async def values(ctx: Context, key: Any) -> list[Any]:
        found = [ctx.get_sync(key) for _ in range(4)]
        return found + [await ctx.get(key) for _ in range(4)]

    return values


@pytest.fixture
def every_error() -> Callable[[Context, Any, type[BaseException]], Awaitable[list[Any]]]:
    """The errors of sync and async gets, several times."""

    async def errors(ctx: Context, key: Any, kind: type[BaseException]) -> list[Any]:
        found: list[Any] = []
        for _ in range(3):
            with pytest.raises(kind) as caught:
                ctx.get_sync(key)
            found.append(caught.value)
            with pytest.raises(kind) as caught:
                await ctx.get(key)
            found.append(caught.value)
        return found

    return errors


@pytest.fixture
def written_module(monkeypatch: pytest.MonkeyPatch) -> Callable[..., types.ModuleType]:
    """A module made of source text, which finds its own name among the modules."""

    def load(source: str, **names: Any) -> types.ModuleType:
        module = types.ModuleType("written_here")
        module.__dict__.update({"inject": inject, **names})
        monkeypatch.setitem(sys.modules, "written_here", module)
        exec(compile(textwrap.dedent(source), "written_here.py", "exec", dont_inherit=True), module.__dict__)
        return module

    return load
