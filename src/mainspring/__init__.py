"""Mainspring: an application framework on one live, compiled inversion-of-control context.

The names of a typical application file, taken from their rooms when somebody asks for them: importing ``mainspring``
imports no room. Nothing inside the framework imports this module for a name; each room imports from the rooms below.
Write ``from mainspring import rest`` and ``@rest.get(...)`` in controllers: a method called ``get`` hides a bare
``get`` from the rest of its class.
"""

# The names are made by __getattr__; what they are to a type checker is in __init__.pyi.
# pyright: reportUnsupportedDunderAll=false

from mainspring.lazy import lazy_names

_ROOMS = {
    "mainspring.boot": ("BootMixin",),
    "mainspring.context": (
        "BindingKey",
        "BindingScope",
        "Context",
        "Getter",
        "InvocationContext",
        "Next",
        "config",
        "inject",
        "injectable",
        "intercept",
    ),
    "mainspring.core": ("Application", "load_config", "service"),
    "mainspring.http": ("HttpErrors",),
    "mainspring.loader": ("ServerLoader",),
    "mainspring.repository": (
        "DataSource",
        "DefaultCrudRepository",
        "Entity",
        "RepositoryMixin",
        "belongs_to",
        "field",
        "has_many",
        "model",
    ),
    "mainspring.rest": (
        "RequestContext",
        "Response",
        "RestApplication",
        "api",
        "delete",
        "get",
        "param",
        "patch",
        "post",
        "put",
        "request_body",
    ),
}

__all__, __getattr__, __dir__ = lazy_names(__name__, _ROOMS)
