"""The component that mounts the context explorer."""

from typing import Annotated, Any

from mainspring.context import Binding, config
from mainspring.core import Application
from mainspring.explorer.controller import controller_at
from mainspring.explorer.guarding import Guard
from mainspring.explorer.keys import ExplorerBindings
from mainspring.explorer.picture import Picture
from mainspring.explorer.settings import settings_of

__all__ = ["ContextExplorerComponent"]


class ContextExplorerComponent:
    """Serves the context explorer at ``/context``: ``app.component(ContextExplorerComponent)``.

    Mounted first of all, it knows the line that binds each constant. Outside production it answers clients on this
    machine; in production, or to let others in, bind `ExplorerBindings.AUTHORISE`.

    Args:
        app: The application it shows.
        config: ``path`` (``/context``), ``values`` (whether values are shown), ``server`` (the name of the one server
            that has the page), ``authorise`` (a function to be bound at `ExplorerBindings.AUTHORISE`); over
            ``config["context_explorer"]`` of the application.

    Raises:
        ExplorerSettingError: A setting is unknown or impossible.
    """

    def __init__(self, app: Application, config: Annotated[Any, config()] = None) -> None:
        settings = settings_of(app.options, config)
        picture = Picture(app, values=settings.values)
        self.controllers = [controller_at(settings.path, settings.server, picture, Guard(app))]
        self.bindings: list[Binding[Any]] = []
        if settings.authorise is not None:
            self.bindings.append(Binding(ExplorerBindings.AUTHORISE).to(settings.authorise))
