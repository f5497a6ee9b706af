"""Classes that describe their binding.

``@injectable`` records, ``create_binding_from_class`` and ``to_injectable`` read.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from mainspring.context.bindings import Binding, BindingScope, BindingTemplate
from mainspring.context.declarations import NAMING, add_templates, own_names, source_by_shape, templates_of
from mainspring.context.keys import BindingKey, Key, key_text
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
        TypeError: It decorates something that is no class.
    """
    wanted = list(templates)
    if scope is not None:
        checked = BindingScope(scope)
        wanted.append(lambda binding: binding.in_scope(checked))
    tag_items: list[Any] = [tags] if isinstance(tags, str | Mapping) else list(tags)
    if tag_items:
        wanted.append(lambda binding: binding.tag(*tag_items))
    types = list(provides) if isinstance(provides, list | tuple | set | frozenset) else [provides]
    if types:
        wanted.append(lambda binding: binding.provides(*types))
    names = {"key": key_text(key) if key is not None else None, "name": name, "namespace": namespace}

    def decorate(cls: C) -> C:
        if not isinstance(cls, type):
            raise TypeError(f"@injectable decorates classes, not {cls!r}.")
        add_templates(cls, tuple(wanted))
        given = {what: value for what, value in names.items() if value is not None}
        if given:
            define_metadata(NAMING, {**own_names(cls), **given}, cls)
        return cls

    return decorate


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
    names = own_names(cls)
    probe = _templated(Binding[Any]("probe"), cls, source.type)
    kind = type or _kind_of(probe, type_namespace_mapping or {})
    if key is None:
        key = names.get("key")
    if key is None:
        space = namespace or names.get("namespace") or probe.tag_map.get(ContextTags.NAMESPACE)
        space = space or _namespace_of(kind, type_namespace_mapping or {})
        key = f"{space}.{name or names.get('name') or cls.__name__}"
    binding: Binding[Any] = Binding(BindingKey(key_text(key)))
    binding._set_source(source)
    if source.type in _TYPE_TAGS:
        tag = _TYPE_TAGS[source.type]
        binding.tag(tag, {ContextTags.TYPE: tag})
    binding.apply(*_noted(cls))
    if name is not None:
        binding.tag({ContextTags.NAME: name})
    if type is not None:
        binding.tag({ContextTags.TYPE: type}, type)
    return binding.apply_default_scope(default_scope) if default_scope is not None else binding


def _templated(binding: Binding[Any], cls: type[Any], kind: BindingType) -> Binding[Any]:
    if kind in _TYPE_TAGS:
        binding.tag(_TYPE_TAGS[kind], {ContextTags.TYPE: _TYPE_TAGS[kind]})
    return binding.apply(*_noted(cls))


def _noted(cls: type[Any]) -> list[BindingTemplate]:
    def noted(template: BindingTemplate) -> BindingTemplate:
        def apply(binding: Binding[Any]) -> None:
            try:
                template(binding)
            except Exception as error:
                error.add_note(f"in a binding template of class {cls.__qualname__}")
                raise

        return apply

    return [noted(template) for template in templates_of(cls)]


def _kind_of(binding: Binding[Any], mapping: Mapping[str, str]) -> str:
    tags = binding.tag_map
    if ContextTags.TYPE in tags:
        return str(tags[ContextTags.TYPE])
    known = {**_NAMESPACES, **mapping}
    return next((name for name in tags if name in known), ContextTags.CLASS)


def _namespace_of(kind: str, mapping: Mapping[str, str]) -> str:
    return mapping.get(kind) or _NAMESPACES.get(kind) or f"{kind}s"
