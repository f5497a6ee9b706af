"""How a class says that it is a booter, and how booters are bound."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from mainspring.boot.keys import ARTIFACT_NAMESPACE, BootBindings, BootTags
from mainspring.context import (
    Binding,
    BindingScope,
    BindingTemplate,
    ContextTags,
    create_binding_from_class,
    injectable,
)

__all__ = ["Booter", "booter", "create_booter_binding"]

C = TypeVar("C", bound=type[Any])


class Booter(Protocol):
    """A class with any of the phase methods, plain or ``async``; all of them are optional.

    ``configure`` sets options and defaults; ``discover`` finds the artifacts by convention; ``load`` binds what was
    found. A booter gets what it needs by constructor injection. Nothing has to inherit from this protocol.
    """


#: A phase of a booter, bound.
Phase = Callable[[], Awaitable[None] | None]


def booter(artifact_namespace: str, *specs: BindingTemplate) -> Callable[[C], C]:
    """Mark a class as a booter whose ``config()`` is ``boot_options[artifact_namespace]``.

    Args:
        artifact_namespace: The entry of the boot options.
        specs: Further binding templates, as for ``@injectable``.
    """

    def template(binding: Binding[Any]) -> None:
        binding.tag(
            BootTags.BOOTER,
            {ARTIFACT_NAMESPACE: artifact_namespace, ContextTags.NAMESPACE: BootBindings.BOOTERS},
        ).apply_default_scope(BindingScope.CONTEXT)

    return injectable(template, *specs)


def create_booter_binding(cls: type[Any]) -> Binding[Any]:
    """The binding of a booter class: ``booters.<ClassName>`` unless its ``@injectable`` says otherwise.

    Raises:
        TypeError: It is no class.
    """
    return create_binding_from_class(cls, type=BootTags.BOOTER, default_scope=BindingScope.CONTEXT)
