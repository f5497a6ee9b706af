"""The context: bindings, injection, scopes, interceptors, views. The container on which everything else is built."""

from mainspring.context.bindings import Binding, BindingEvent, BindingScope, BindingTemplate
from mainspring.context.configuration import ContextBindings
from mainspring.context.context import BindingCreationPolicy, Context
from mainspring.context.describing import ContextTags, create_binding_from_class, injectable
from mainspring.context.errors import (
    AmbiguousTypeError,
    AsyncValueError,
    BindingLockedError,
    CircularDependencyError,
    ContextError,
    InvalidKeyError,
    KeyNotBoundError,
    ResolutionError,
    ScopeError,
)
from mainspring.context.events import ContextEvent, Subscription
from mainspring.context.filters import (
    ANY_TAG_VALUE,
    BindingFilter,
    BindingTagFilter,
    filter_by_key,
    filter_by_tag,
    includes_tag_value,
)
from mainspring.context.injection import Injection, InjectionPoint
from mainspring.context.interceptors import (
    Interceptor,
    InterceptorChain,
    Next,
    as_global_interceptor,
    compose_interceptors,
    global_interceptor,
    intercept,
    register_interceptor,
)
from mainspring.context.invoking import InvocationContext, InvocationSource, invoke_method
from mainspring.context.keys import BindingKey, Key
from mainspring.context.markers import Getter, Setter, config, inject
from mainspring.context.proxies import create_proxy_with_interceptors
from mainspring.context.sessions import ResolutionContext, Session
from mainspring.context.signatures import has_injections
from mainspring.context.sorting import BindingComparator, compare_bindings_by_tag, sort_bindings_by_phase
from mainspring.context.sources import BindingSource, BindingType, Provider
from mainspring.context.views import ContextView
from mainspring.errors import MainspringError

__all__ = [
    "ANY_TAG_VALUE",
    "AmbiguousTypeError",
    "AsyncValueError",
    "Binding",
    "BindingComparator",
    "BindingCreationPolicy",
    "BindingEvent",
    "BindingFilter",
    "BindingKey",
    "BindingLockedError",
    "BindingScope",
    "BindingSource",
    "BindingTagFilter",
    "BindingTemplate",
    "BindingType",
    "CircularDependencyError",
    "Context",
    "ContextBindings",
    "ContextError",
    "ContextEvent",
    "ContextTags",
    "ContextView",
    "Getter",
    "Injection",
    "InjectionPoint",
    "Interceptor",
    "InterceptorChain",
    "InvalidKeyError",
    "InvocationContext",
    "InvocationSource",
    "Key",
    "KeyNotBoundError",
    "MainspringError",
    "Next",
    "Provider",
    "ResolutionContext",
    "ResolutionError",
    "ScopeError",
    "Session",
    "Setter",
    "Subscription",
    "as_global_interceptor",
    "compare_bindings_by_tag",
    "compose_interceptors",
    "config",
    "create_binding_from_class",
    "create_proxy_with_interceptors",
    "filter_by_key",
    "filter_by_tag",
    "global_interceptor",
    "has_injections",
    "includes_tag_value",
    "inject",
    "injectable",
    "intercept",
    "invoke_method",
    "register_interceptor",
    "sort_bindings_by_phase",
]
