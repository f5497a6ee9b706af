"""Disposing of one kept value while its context lives on."""

from collections.abc import AsyncIterator

import pytest

from mainspring.context import BindingScope, Context
from mainspring.context.setting_aside import has_kept, release


async def test_a_released_value_is_cleaned_up_and_made_anew_for_the_next_who_asks() -> None:
    log: list[str] = []

    async def opened() -> AsyncIterator[object]:
        log.append("open")
        yield object()
        log.append("close")

    async with Context() as ctx:
        binding = ctx.bind("value").to_dynamic_value(opened).in_scope(BindingScope.SINGLETON)
        assert not has_kept(ctx, binding)
        first = await ctx.get("value")
        assert has_kept(ctx, binding)
        await release(ctx, binding)
        assert (log, has_kept(ctx, binding)) == (["open", "close"], False)
        assert await ctx.get("value") is not first
    assert log == ["open", "close"] * 2


async def test_a_clean_up_that_fails_leaves_no_value_behind() -> None:
    def opened():
        yield 1
        raise ValueError("cannot close")

    async with Context() as ctx:
        binding = ctx.bind("value").to_dynamic_value(opened).in_scope(BindingScope.SINGLETON)
        await ctx.get("value")
        with pytest.raises(ValueError, match="cannot close"):
            await release(ctx, binding)
        assert not has_kept(ctx, binding)
