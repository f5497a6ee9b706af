"""Shapes: what contexts have in common as far as resolving goes, so that plans made for one serve them all.

A context that lives long (a root, an application, a server) or that binds more than constants has a shape of its own.
The others (requests, mostly) share a shape with every context that has the same parent, the same scope and binds
constants under the same keys: values are read from the context, all else is known from the shape.

A parent's shape holds the shared shapes below it, a bounded number of them, and never a context; the shapes that
belong to one context are held weakly. That is how a change finds the plans of descendants.
"""

import weakref
from collections.abc import Callable
from typing import Any

from mainspring.context.bindings import BindingScope
from mainspring.context.sources import Constant

__all__ = ["Shape", "has_its_shape", "shape_for"]

#: Contexts that bind keys made per request would fill the table of shapes: beyond this many it is begun anew.
MAX_SHAPES = 256

_LONG_LIVED = (BindingScope.APPLICATION, BindingScope.SERVER)


class Shape:
    """One kind of context, with the plans made for it.

    Attributes:
        plans: By key, functions of a context that give the value.
        sync_plans: Those that refuse what must be awaited.
        async_plans: Those that await.
        asked: How often a key without a plan was asked for.
        bare: By scope, the shapes below of contexts that bind nothing.
        is_exclusive: Whether it belongs to one context.
        is_settled: Whether a context keeps this shape whatever happens above: its parent's shape never changes.
        followers: Functions to call, once, when its plans are dropped.
    """

    __slots__ = (
        "__weakref__",
        "_below",
        "_single",
        "asked",
        "async_plans",
        "bare",
        "followers",
        "is_exclusive",
        "is_settled",
        "parent",
        "plans",
        "sync_plans",
    )

    def __init__(self, parent: "Shape | None", *, exclusive: bool) -> None:
        self.parent = parent
        self.is_exclusive = exclusive
        self.is_settled: bool = parent is None or (parent.is_exclusive and parent.is_settled)
        self.plans: dict[Any, Any] = {}
        self.sync_plans: dict[Any, Any] = {}
        self.async_plans: dict[Any, Any] = {}
        self.asked: dict[Any, int] = {}
        self._below: dict[Any, Shape] = {}
        self.bare: dict[BindingScope, Shape] = {}
        self._single: weakref.WeakSet[Shape] | None = None
        self.followers: list[Callable[[], None]] = []

    def drop_plans(self) -> None:
        """Forget the plans of this shape and of all below."""
        # New dicts: a thread that reads an old one finishes with what held when it began.
        self.plans = {}
        if self.asked:  # before anything was asked for there is no plan
            self.sync_plans, self.async_plans, self.asked = {}, {}, {}
        if self.followers:
            followers, self.followers = self.followers, []
            for follower in followers:
                follower()
        if self._below or self.bare:
            for below in [*self._below.values(), *self.bare.values()]:
                below.drop_plans()
        if self._single:
            for single in list(self._single):
                single.drop_plans()

    def shared(self, description: Any) -> "Shape":
        """The shape below of that description."""
        found = self._below.get(description)
        if found is None:
            if len(self._below) >= MAX_SHAPES:
                # Contexts that live on keep the shape they have: a change must still find it.
                self._watched().update(self._below.values())
                self._below = {}
            found = self._below[description] = Shape(self, exclusive=False)
        return found

    def known(self, context: Any) -> "Shape | None":
        """The shape that contexts like this one have here, if one asked before; never for a long-lived one."""
        if not context._bindings:
            return self.bare.get(context.scope)
        return self._below.get(describe(context))

    def without_bindings(self, scope: BindingScope) -> "Shape":
        """The shape below of a context of that scope that binds nothing."""
        found = self.bare.get(scope)
        if found is None:
            found = self.bare[scope] = Shape(self, exclusive=False)
        return found

    def single(self) -> "Shape":
        """A new shape below for one context."""
        found = Shape(self, exclusive=True)
        self._watched().add(found)
        return found

    def _watched(self) -> "weakref.WeakSet[Shape]":
        if self._single is None:
            self._single = weakref.WeakSet()
        return self._single


def shape_for(context: Any) -> Shape:
    """The shape of a context as it is now."""
    if context._parent is None:
        return context._shape or Shape(None, exclusive=True)
    above: Shape = context._parent.shape()
    old: Shape | None = context._shape
    if old is not None and old.is_exclusive and old.parent is above:
        return old
    if not context._bindings and context.scope not in _LONG_LIVED:
        return above.without_bindings(context.scope)
    if context.scope in _LONG_LIVED:
        return above.single()
    description = describe(context)
    return above.shared(description) if description is not None else above.single()


#: After the key of a constant that is the context it is bound in, which plans then need not read.
_ITSELF = object()


def describe(context: Any) -> tuple[Any, ...] | None:
    """What the shape of a short-lived context rests on; ``None`` when it binds more than constants."""
    description: list[Any] = [context.scope]
    # A tuple first: another thread may bind meanwhile.
    for binding in tuple(context._bindings.values()):
        if type(binding.source) is not Constant:
            return None
        description.append(binding.key)
        if binding.source.value is context:
            description.append(_ITSELF)
        if binding._scope is not None or binding._provided:
            description.append((binding.provided_types, binding.scope))
    return tuple(description)


def has_its_shape(context: Any) -> bool:
    """Whether a context that shares its shape binds, this very moment, what that shape says.

    A binding of a new context is there an instant before it is counted as a change.
    """
    shape: Shape | None = context._shape
    if shape is None or shape.parent is None or shape.is_exclusive:
        return shape is not None
    return shape.parent.known(context) is shape
