"""Remote services as objects with typed methods: of an interface and a data source.

A data source with the connector ``rest`` knows operations from templates, or from the REST decorators of an interface;
one with the connector ``openapi`` from a document.
"""

from mainspring.proxies.errors import (
    ServiceAnswerError,
    ServiceArgumentError,
    ServiceConnectionError,
    ServiceError,
    ServiceInterfaceError,
    ServiceResponseError,
    ServiceTimeoutError,
)
from mainspring.proxies.injection import get_service, service_proxy
from mainspring.proxies.messages import ServiceResponse
from mainspring.proxies.mixin import ServiceMixin

__all__ = [
    "ServiceAnswerError",
    "ServiceArgumentError",
    "ServiceConnectionError",
    "ServiceError",
    "ServiceInterfaceError",
    "ServiceMixin",
    "ServiceResponse",
    "ServiceResponseError",
    "ServiceTimeoutError",
    "get_service",
    "service_proxy",
]
