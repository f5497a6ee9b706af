"""Classes that describe their binding.

``@injectable`` records, ``create_binding_from_class`` and ``to_injectable`` read.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from mainspring.context.bindings import Binding, BindingScope, BindingTemplate
from mainspring.context.declarations import NAMING, add_templates, names_of, own_names, source_by_shape, templates_of
from mainspring.context.keys import Key, key_text
from mainspring.context.sources import BindingType
from mainspring.metadata import define_metadata

__all__ = ["ContextTags", "create_binding_from_class", "injectable"]

C = TypeVar("C", bound=type[Any])


class ContextTags:
    """Names of tags."""

    CLASS = "class"
    PROVIDER = "provider"
    DYNAMIC_VALUE_PROVIDER = "dynamic_value_provider"
    TYPE = "type"
    NAMESPACE = "namespace"
    NAME = "name"
    KEY = "key"
    CONFIGURATION_FOR = "configuration_for"
    GLOBAL_INTERCEPTOR = "global_interceptor"
    GLOBAL_INTERCEPTOR_SOURCE = "global_interceptor_source"
    GLOBAL_INTERCEPTOR_GROUP = "global_interceptor_group"


def injectable(
    *templates: BindingTemplate,
    scope: BindingScope | str | None = None,
    tags: str | Mapping[str, Any] | Iterable[str | Mapping[str, Any]] = (),
    key: Key[Any] | None = None,
    name: str | None = None,
    namespace: str | None = None,
    provides: Any = (),
) -> Callable[[C], C]:
    """Record on a class how it is bound; nothing is registered.

    Args:
        templates: Functions of the binding.
        scope: Its scope.
        tags: A name, a mapping, or an iterable of these.
        key: Its whole key.
        name: The last part of its key.
        namespace: The first part of its key.
        provides: A type, or several, by which it is found.

    Raises:
        TypeError: It decorates something that is no class, or takes something that is no template.
    """
    wanted = (*map(_checked, templates), *_settings(scope, tags, provides))
    names = {"key": key if key is None or key_text(key) else None, "name": name, "namespace": namespace}

    def decorate(cls: C) -> C:
        if not isinstance(cls, type):
            raise TypeError(f"@injectable decorates classes, not {cls!r}.")
        add_templates(cls, wanted)
        given = {what: value for what, value in names.items() if value is not None}
        if given:
            define_metadata(NAMING, {**own_names(cls), **given}, cls)
        return cls

    return decorate


def _checked(template: Any) -> BindingTemplate:
    if isinstance(template, type) or not callable(template):
        raise TypeError(
            f"@injectable takes functions of a binding, not {template!r}. Without any, write @injectable()."
        )
    return template  # type: ignore[no-any-return]  # checked to be callable


def _settings(scope: BindingScope | str | None, tags: Any, provides: Any) -> list[BindingTemplate]:
    """The keyword arguments as templates."""
    wanted: list[BindingTemplate] = []
    if scope is not None:
        checked = BindingScope(scope)
        wanted.append(lambda binding: binding.in_scope(checked))
    tag_items: list[Any] = [tags] if isinstance(tags, str | Mapping) else list(tags)
    if tag_items:
        wanted.append(lambda binding: binding.tag(*tag_items))
    types = list(provides) if isinstance(provides, list | tuple | set | frozenset) else [provides]
    if types:
        wanted.append(lambda binding: binding.provides(*types))
    return wanted


_TYPE_TAGS = {BindingType.PROVIDER: ContextTags.PROVIDER, BindingType.DYNAMIC_VALUE: ContextTags.DYNAMIC_VALUE_PROVIDER}

_NAMESPACES = {
    ContextTags.CLASS: "classes",
    ContextTags.PROVIDER: "providers",
    ContextTags.DYNAMIC_VALUE_PROVIDER: "dynamic_value_providers",
}


def create_binding_from_class(
    cls: type[Any],
    *,
    key: Key[Any] | None = None,
    type: str | None = None,
    name: str | None = None,
    namespace: str | None = None,
    type_namespace_mapping: Mapping[str, str] | None = None,
    default_scope: BindingScope | str | None = None,
) -> Binding[Any]:
    """A binding of a class, provider or factory class, with the key and settings its ``@injectable`` says.

    What the call says wins over ``@injectable``. Without a key it is ``<namespace>.<name>``; the namespace follows the
    type of artifact (``controller`` -> ``controllers``).

    Raises:
        TypeError: It is no class.
    """
    source = source_by_shape(cls)
    names = names_of(cls)
    key = names.get("key") if key is None else key
    by_name = name or names.get("name") or cls.__name__
    tag = _TYPE_TAGS.get(source.type)
    # What the templates say decides about the namespace: without a key, they see the one the shape alone would give.
    binding: Binding[Any] = Binding(f"{_NAMESPACES[tag or ContextTags.CLASS]}.{by_name}" if key is None else key)
    binding.source = source  # nobody holds it yet who would have to be told
    if tag is not None:
        binding.tag(tag, {ContextTags.TYPE: tag})
    templates = templates_of(cls)
    if templates:
        binding.apply(*templates)
    if key is None:
        space = namespace or names.get("namespace") or binding.tag_map.get(ContextTags.NAMESPACE)
        if not space:
            mapping = type_namespace_mapping or {}
            space = _namespace_of(type or _kind_of(binding, mapping), mapping)
        binding.key = key_text(f"{space}.{by_name}")
    tags = {} if name is None else {ContextTags.NAME: name}
    if type is not None:
        tags |= {ContextTags.TYPE: type, type: type}
    if tags:
        binding.put_tags(tags)
    return binding.apply_default_scope(default_scope) if default_scope is not None else binding


def _kind_of(binding: Binding[Any], mapping: Mapping[str, str]) -> str:
    tags = binding.tag_map
    if ContextTags.TYPE in tags:
        return str(tags[ContextTags.TYPE])
    known = {**_NAMESPACES, **mapping}
    return next((name for name in tags if name in known), ContextTags.CLASS)


def _namespace_of(kind: str, mapping: Mapping[str, str]) -> str:
    return mapping.get(kind) or _NAMESPACES.get(kind) or f"{kind}s"
