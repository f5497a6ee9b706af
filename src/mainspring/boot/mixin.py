"""The mixin that makes an application bootable. It stands before the application class in the bases."""

import os
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from mainspring.boot.catalogue import LateBooter
from mainspring.boot.component import BootComponent
from mainspring.boot.composing import create_component_application_booter_binding
from mainspring.boot.declaring import create_booter_binding
from mainspring.boot.errors import BootError
from mainspring.boot.keys import BootBindings
from mainspring.boot.options import merge_boot_options
from mainspring.context import Binding, Context
from mainspring.core.components import contributed_classes

__all__ = ["BootMixin"]

_STATES = ("created", "booted")


class BootMixin:
    """Adds ``project_root``, ``boot_options`` and ``boot`` to an application: ``class MyApp(BootMixin, Application)``.

    Attributes:
        boots_by_convention: Whether ``run`` boots the application and a start without a boot is worth a warning.
    """

    boots_by_convention: ClassVar[bool] = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._was_booted = False
        super().__init__(*args, **kwargs)
        app: Any = self
        if not app.contains(BootBindings.PROJECT_ROOT):
            app.bind(BootBindings.PROJECT_ROOT).to_dynamic_value(self._current_root)
        if not app.contains(BootBindings.BOOT_OPTIONS):
            app.bind(BootBindings.BOOT_OPTIONS).to_dynamic_value(lambda: self.boot_options)
        app.component(BootComponent)

    # Settings

    @property
    def project_root(self) -> str | os.PathLike[str] | None:
        """The folder that artifact paths are relative to; by default that of the file with the application's class."""
        given: str | os.PathLike[str] | None = self.__dict__.get("_project_root")
        return given if given is not None else _folder_of(type(self))

    @project_root.setter
    def project_root(self, folder: str | os.PathLike[str]) -> None:
        self.__dict__["_project_root"] = folder

    @property
    def boot_options(self) -> Mapping[str, Any]:
        """Options by artifact namespace."""
        options: Mapping[str, Any] = self.__dict__.get("_boot_options", {})
        return options

    @boot_options.setter
    def boot_options(self, options: Mapping[str, Any]) -> None:
        self.__dict__["_boot_options"] = options

    def apply_boot_options(self, options: Mapping[str, Any]) -> None:
        """Merge options into ``boot_options``, artifact by artifact and field by field, for later boots.

        Raises:
            BootError: They are no mapping.
        """
        self.boot_options = merge_boot_options(self.boot_options, options)

    def _current_root(self) -> str | os.PathLike[str]:
        root = self.project_root
        if root is None:
            raise BootError(
                f"The project root of {type(self).__name__} is not known, since no file defines the class: "
                "set project_root to the folder of the artifacts."
            )
        return root

    # Booters

    def booters(self, *classes: type[Any]) -> list[Binding[Any]]:
        """Bind booter classes, at ``booters.<ClassName>`` unless they say otherwise."""
        app: Any = self
        bindings = [create_booter_binding(cls) for cls in classes]
        for binding in bindings:
            app.add(binding)
        return bindings

    def application_booter(self, sub_app: Any, filter: Any = None) -> Binding[Any]:
        """Boot a sub-application with this one and take the bindings it gains.

        Args:
            sub_app: A bootable application that was not booted yet.
            filter: Which of the bindings are taken: a function, a pattern or a tag filter; all by default.
        """
        app: Any = self
        binding = create_component_application_booter_binding(sub_app, filter)
        app.add(binding)
        return binding

    def mount_component(self, component: Any, binding: Binding[Any]) -> None:
        """Bind the booters of a component as well."""
        super().mount_component(component, binding)  # type: ignore[misc]  # an application comes after a mixin
        self.mount_component_booters(component)

    def mount_component_booters(self, component_or_class: Any) -> None:
        """Bind the ``booters`` of a component instance, or of the component bound under its class's name.

        Raises:
            TypeError: ``booters`` is no iterable of classes.
            KeyNotBoundError: No component is bound under the name of the class.
        """
        app: Any = self
        component = component_or_class
        if isinstance(component_or_class, type):
            component = app.get_sync(f"components.{component_or_class.__name__}")
        late = [each for each in getattr(component, "booters", None) or () if isinstance(each, LateBooter)]
        if not late:
            self.booters(*contributed_classes(component, "booters"))
            return
        for each in component.booters:  # the default ones: those of other rooms are not imported yet
            app.add(each.binding() if isinstance(each, LateBooter) else create_booter_binding(each))

    # Booting

    async def boot(self, options: Mapping[str, Any] | None = None) -> None:
        """Find, import and bind the artifacts of the project; booted already, do nothing.

        Args:
            options: Options for this boot, merged over ``boot_options``.

        Raises:
            InvalidStateError: The application is not in state ``created`` or ``booted``.
            BootError: An option, a file or a clash of keys; the bindings of the application are as they were.
        """
        app: Any = self
        states = app.states
        operation = states.under_way("boot")
        if operation is None:
            if states.state == "booted":
                return
            if states.state != "created":
                raise states.refusal("boot", _STATES)
            states.move("booting")
            operation = states.begin("boot", self._boot(options))
        await states.join(operation)

    async def _boot(self, options: Mapping[str, Any] | None) -> None:
        app: Any = self
        try:
            bootstrapper = await app.get(BootBindings.BOOTSTRAPPER_KEY)
            ctx = Context(app, f"boot of {app.name}")
            if options is not None:
                ctx.bind(BootBindings.BOOT_OPTIONS).to(
                    merge_boot_options(await app.get(BootBindings.BOOT_OPTIONS), options)
                )
            await bootstrapper.boot(None, ctx)
        except BaseException:
            app.states.finish("boot", "created")
            raise
        self._was_booted = True
        app.states.finish("boot", "booted")

    async def before_run(self) -> None:
        """Boot an application that was not booted."""
        await super().before_run()  # type: ignore[misc]  # an application comes after a mixin
        app: Any = self
        if self.boots_by_convention and app.state == "created":
            await self.boot()

    async def before_look(self) -> None:
        """Boot an application that boots by convention."""
        await super().before_look()  # type: ignore[misc]  # an application comes after a mixin
        if self.boots_by_convention:
            await self.boot()

    async def start(self) -> None:
        """As for every application; the start of one that was never booted gives a warning.

        Raises:
            InvalidStateError: Another operation is under way.
            Exception: What an observer raised; everything that had been started was stopped.
        """
        app: Any = self
        was_started = app.state == "started"
        await super().start()  # type: ignore[misc]  # an application comes after a mixin
        if self.boots_by_convention and not self._was_booted and not was_started:
            self._was_booted = True  # said once is enough
            warnings.warn(
                f"{app.name} was started without booting: its artifacts were not looked for. "
                "`await app.boot()` before the start, or use no BootMixin.",
                RuntimeWarning,
                stacklevel=2,
            )


def _folder_of(cls: type[Any]) -> Path | None:
    """The folder of the file that defines a class."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return Path(os.path.abspath(file)).parent if isinstance(file, str) else None
