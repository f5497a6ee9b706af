"""The types behind the lazy names of ``mainspring``."""

from mainspring.boot import (
    BootMixin as BootMixin,
)
from mainspring.context import (
    BindingKey as BindingKey,
)
from mainspring.context import (
    BindingScope as BindingScope,
)
from mainspring.context import (
    Context as Context,
)
from mainspring.context import (
    Getter as Getter,
)
from mainspring.context import (
    InvocationContext as InvocationContext,
)
from mainspring.context import (
    Next as Next,
)
from mainspring.context import (
    config as config,
)
from mainspring.context import (
    inject as inject,
)
from mainspring.context import (
    injectable as injectable,
)
from mainspring.context import (
    intercept as intercept,
)
from mainspring.core import (
    Application as Application,
)
from mainspring.core import (
    load_config as load_config,
)
from mainspring.core import (
    service as service,
)
from mainspring.http import (
    HttpErrors as HttpErrors,
)
from mainspring.loader import ServerLoader as ServerLoader
from mainspring.repository import (
    DataSource as DataSource,
)
from mainspring.repository import (
    DefaultCrudRepository as DefaultCrudRepository,
)
from mainspring.repository import (
    Entity as Entity,
)
from mainspring.repository import (
    RepositoryMixin as RepositoryMixin,
)
from mainspring.repository import (
    belongs_to as belongs_to,
)
from mainspring.repository import (
    field as field,
)
from mainspring.repository import (
    has_many as has_many,
)
from mainspring.repository import (
    model as model,
)
from mainspring.rest import (
    RequestContext as RequestContext,
)
from mainspring.rest import (
    Response as Response,
)
from mainspring.rest import (
    RestApplication as RestApplication,
)
from mainspring.rest import (
    api as api,
)
from mainspring.rest import (
    delete as delete,
)
from mainspring.rest import (
    get as get,
)
from mainspring.rest import (
    param as param,
)
from mainspring.rest import (
    patch as patch,
)
from mainspring.rest import (
    post as post,
)
from mainspring.rest import (
    put as put,
)
from mainspring.rest import (
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
    "ServerLoader",
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
