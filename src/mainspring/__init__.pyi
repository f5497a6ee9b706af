"""The types behind the lazy names of ``mainspring``."""

from mainspring.boot import (
    BootMixin as BootMixin,
)
from mainspring.context import (
    BindingKey as BindingKey,
    BindingScope as BindingScope,
    Context as Context,
    Getter as Getter,
    InvocationContext as InvocationContext,
    Next as Next,
    config as config,
    inject as inject,
    injectable as injectable,
    intercept as intercept,
)
from mainspring.core import (
    Application as Application,
    load_config as load_config,
    service as service,
)
from mainspring.http import (
    HttpErrors as HttpErrors,
)
from mainspring.repository import (
    DataSource as DataSource,
    DefaultCrudRepository as DefaultCrudRepository,
    Entity as Entity,
    RepositoryMixin as RepositoryMixin,
    belongs_to as belongs_to,
    field as field,
    has_many as has_many,
    model as model,
)
from mainspring.rest import (
    RequestContext as RequestContext,
    Response as Response,
    RestApplication as RestApplication,
    api as api,
    delete as delete,
    get as get,
    param as param,
    patch as patch,
    post as post,
    put as put,
    request_body as request_body,
)

__all__ = [
    "Application",
    "BindingKey",
    "BindingScope",
    "BootMixin",
    "Context",
    "DataSource",
    "DefaultCrudRepository",
    "Entity",
    "Getter",
    "HttpErrors",
    "InvocationContext",
    "Next",
    "RepositoryMixin",
    "RequestContext",
    "Response",
    "RestApplication",
    "api",
    "belongs_to",
    "config",
    "delete",
    "field",
    "get",
    "has_many",
    "inject",
    "injectable",
    "intercept",
    "load_config",
    "model",
    "param",
    "patch",
    "post",
    "put",
    "request_body",
    "service",
]
