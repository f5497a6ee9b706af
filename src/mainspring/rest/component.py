"""The component that makes any application serve REST: a server, default actions, body parsers, default settings."""

from typing import Any

from mainspring.context import Binding
from mainspring.core import Application
from mainspring.rest.actions import ACTIONS
from mainspring.rest.keys import RestBindings, RestTags
from mainspring.rest.parsers import BUILT_IN_PARSERS
from mainspring.rest.routers import TrieRouter
from mainspring.rest.sequences import MiddlewareSequence
from mainspring.rest.server import RestServer
from mainspring.rest.settings import DEFAULTS, SETTING_KEYS

__all__ = ["RestComponent", "default_bindings"]


def default_bindings() -> list[Binding[Any]]:
    """What holds on an application unless something else is bound."""
    bindings = [Binding(key).to(function) for key, function in ACTIONS.values()]
    bindings += [
        Binding(SETTING_KEYS[name]).to(value) for name, value in DEFAULTS.items() if name not in ("grace_period",)
    ]
    bindings.append(Binding(RestBindings.ROUTER).to(TrieRouter))
    bindings.append(Binding(RestBindings.SEQUENCE).to_class(MiddlewareSequence))
    for cls in BUILT_IN_PARSERS:
        key = f"{RestBindings.BODY_PARSERS}.{cls.__name__}"
        bindings.append(Binding(key).to_class(cls).tag(RestTags.BODY_PARSER))
    return bindings


class RestComponent:
    """Adds a REST server to an application. A subclass may list own bindings, each replacing the default of its key."""

    def __init__(self, app: Application) -> None:
        self.servers = {"RestServer": RestServer}
        own = {binding.key for binding in getattr(type(self), "bindings", None) or ()}
        for binding in default_bindings():
            if binding.key not in own and not app.contains(binding.key):
                app.add(binding)
