"""The bindings of a context at one moment, to go back to when a larger change fails."""

from collections.abc import Iterable
from typing import Any

from mainspring.context import Binding, Context

__all__ = ["BindingsSnapshot"]


class BindingsSnapshot:
    """Which bindings a context holds itself, and which of them are locked."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._before = {binding.key: (binding, binding.is_locked) for binding in ctx.own_bindings()}

    def added(self) -> list[Binding[Any]]:
        """Bindings that are there now and were not, in order of registration."""
        before = self._before
        return [each for each in self._ctx.own_bindings() if each.key not in before or before[each.key][0] is not each]

    def restore(self) -> None:
        """Take away what was added, and put back what was replaced or removed."""
        for binding in reversed(self.added()):
            binding.unlock()
            if binding.key not in self._before:
                self._ctx.unbind(binding.key)
        for key, (binding, is_locked) in self._before.items():
            if self._ctx.own_binding(key) is not binding:
                self._ctx.add(binding)
            binding.is_locked = is_locked

    def take_back(self, bindings: Iterable[Binding[Any]]) -> None:
        """Take away those of these that are still there, and put back what they had replaced."""
        for binding in bindings:
            if self._ctx.own_binding(binding.key) is binding:
                binding.unlock()
                self._ctx.unbind(binding.key)
                before = self._before.get(binding.key)
                if before is not None:
                    self._ctx.add(before[0])
