"""The mixin that gives an application providers of services. It stands before the application class."""

from collections.abc import Mapping
from typing import Any

from mainspring.context import Binding, BindingScope, BindingType
from mainspring.core import create_service_binding
from mainspring.core.components import contributed_classes

__all__ = ["ServiceMixin"]


class ServiceMixin:
    """Adds ``service_provider``: ``class MyApp(ServiceMixin, RepositoryMixin, Application)``.

    Components may list ``service_providers``: they are bound by this method.
    """

    def service_provider(
        self,
        cls: type[Any],
        name: str | Mapping[str, Any] | None = None,
        *,
        namespace: str | None = None,
        interface: Any = None,
        default_scope: BindingScope | None = None,
    ) -> Binding[Any]:
        """Bind a provider of a service at ``services.<name>``, made anew for who asks unless its class says otherwise.

        Args:
            cls: A class with a method ``value``.
            name: Its name, else the class's without ``Provider``; or a mapping of these options.
            namespace: Instead of ``services``.
            interface: What the service is found by, the class itself by default.
            default_scope: Unless the class says one.

        Raises:
            TypeError: It is no provider.
        """
        if isinstance(name, Mapping):
            return self.service_provider(cls, **name)
        options = {"namespace": namespace} if namespace is not None else {}
        if default_scope is not None:
            options["default_scope"] = default_scope
        binding = create_service_binding(cls, name=name, interface=interface, **options)
        if binding.type is BindingType.CLASS:
            raise TypeError(f"{cls.__qualname__} is no provider of a service: it has no method `value`.")
        context: Any = self
        context.add(binding)
        return binding

    def mount_component(self, component: Any, binding: Binding[Any]) -> None:
        """Bind what a component lists as providers of services."""
        parent: Any = super()
        parent.mount_component(component, binding)
        for cls in contributed_classes(component, "service_providers"):
            self.service_provider(cls)
