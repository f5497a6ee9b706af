"""The context: bindings, injection, scopes, interceptors, views. The container on which everything else is built."""

# The names are made by __getattr__; what they are to a type checker is in __init__.pyi.
# pyright: reportUnsupportedDunderAll=false

from mainspring.lazy import lazy_names

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "mainspring.context.bindings": (
            "Binding",
            "BindingEvent",
            "BindingScope",
            "BindingTemplate",
        ),
        "mainspring.context.configuration": ("ContextBindings",),
        "mainspring.context.context": (
            "BindingCreationPolicy",
            "Context",
        ),
        "mainspring.context.describing": (
            "ContextTags",
            "create_binding_from_class",
            "injectable",
        ),
        "mainspring.context.errors": (
            "AmbiguousTypeError",
            "AsyncValueError",
            "BindingLockedError",
            "CircularDependencyError",
            "ContextError",
            "InvalidKeyError",
            "KeyNotBoundError",
            "ResolutionError",
            "ScopeError",
        ),
        "mainspring.context.events": (
            "ContextEvent",
            "Subscription",
        ),
        "mainspring.context.filters": (
            "ANY_TAG_VALUE",
            "BindingFilter",
            "BindingTagFilter",
            "filter_by_key",
            "filter_by_tag",
            "includes_tag_value",
        ),
        "mainspring.context.injection": (
            "Injection",
            "InjectionPoint",
        ),
        "mainspring.context.interceptors": (
            "Interceptor",
            "InterceptorChain",
            "Next",
            "as_global_interceptor",
            "compose_interceptors",
            "global_interceptor",
            "intercept",
            "register_interceptor",
        ),
        "mainspring.context.invoking": (
            "InvocationContext",
            "InvocationSource",
            "invoke_method",
        ),
        "mainspring.context.keys": (
            "BindingKey",
            "Key",
        ),
        "mainspring.context.markers": (
            "Getter",
            "Setter",
            "config",
            "inject",
        ),
        "mainspring.context.proxies": ("create_proxy_with_interceptors",),
        "mainspring.context.sessions": (
            "ResolutionContext",
            "Session",
        ),
        "mainspring.context.signatures": ("has_injections",),
        "mainspring.context.sorting": (
            "BindingComparator",
            "compare_bindings_by_tag",
            "sort_bindings_by_phase",
        ),
        "mainspring.context.sources": (
            "BindingSource",
            "BindingType",
            "Provider",
        ),
        "mainspring.context.views": ("ContextView",),
        "mainspring.errors": ("MainspringError",),
    },
)
