"""Extension points and extensions: a class works through contributions it does not know in advance.

An extension is a binding tagged ``extension_for`` with the name of a point; a point is named by its class or tag. What
is injected into a point is a getter, a view or a list of the extensions.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from mainspring.context import (
    Binding,
    BindingFilter,
    BindingTemplate,
    Context,
    ContextTags,
    Injection,
    InjectionPoint,
    ResolutionError,
    create_binding_from_class,
    filter_by_tag,
    includes_tag_value,
    inject,
    injectable,
)
from mainspring.context.declarations import templates_of
from mainspring.core.keys import CoreTags

__all__ = ["add_extension", "extension_filter", "extension_for", "extension_point", "extensions"]

C = TypeVar("C", bound=type[Any])


def extension_point(name: str, *specs: BindingTemplate, **options: Any) -> Callable[[C], C]:
    """Name the extension point a class is.

    Args:
        name: What extensions are tagged with.
        specs: Further binding templates.
        options: What else ``@injectable`` takes (``scope``, ``tags``, …).
    """

    def template(binding: Binding[Any]) -> None:
        binding.tag({CoreTags.EXTENSION_POINT: name})

    def decorate(cls: C) -> C:
        injectable(template, *specs)(cls)
        return injectable(**options)(cls) if options else cls

    return decorate


def extension_for(*points: str) -> BindingTemplate:
    """A template that makes a binding an extension of the points; applied again it adds those not there yet."""

    def template(binding: Binding[Any]) -> None:
        known = binding.tag_map.get(CoreTags.EXTENSION_FOR)
        before = [] if known is None else list(known) if isinstance(known, list | tuple | set | frozenset) else [known]
        after = list(dict.fromkeys([*before, *points]))
        if after:
            binding.tag({CoreTags.EXTENSION_FOR: after[0] if len(after) == 1 else after})

    return template


def extension_filter(*points: str) -> BindingFilter:
    """A filter of the bindings that contribute to any of the points."""
    return filter_by_tag({CoreTags.EXTENSION_FOR: includes_tag_value(*points)})


def add_extension(  # the public signature of the specification
    ctx: Context,
    point: str,
    cls: type[Any],
    *,
    namespace: str | None = None,
    name: str | None = None,
    key: Any = None,
) -> Binding[Any]:
    """Bind a class (or provider class) as an extension of a point.

    Raises:
        BindingLockedError: Its key is taken by a locked binding.
        TypeError: It is no class.
    """
    binding = create_binding_from_class(cls, namespace=namespace, name=name, key=key).apply(extension_for(point))
    ctx.add(binding)
    return binding


class _Extensions:
    """``extensions()`` and its two siblings. Without a name the point is the one being resolved."""

    def __call__(self, name: str | None = None) -> Any:
        """Inject an async getter: each call gives the list of extensions as of then."""
        return _extensions(name, inject.getter, "extensions")

    def view(self, name: str | None = None) -> Any:
        """Inject a ``ContextView`` that follows adding and removing."""
        return _extensions(name, inject.view, "extensions.view")

    def list(self, name: str | None = None) -> Any:
        """Inject a list made at injection time."""
        return _extensions(name, inject, "extensions.list", expects=list)


#: Injects the extensions of a point: ``greeters: Getter[list[Greeter]] = extensions()``.
extensions = _Extensions()


def _extensions(
    name: str | None, marker: Callable[[BindingFilter], Any], decorator: str, expects: type[Any] | None = None
) -> Injection:
    expects = expects if expects is not None else marker(extension_filter("")).expects

    def wanted(point: InjectionPoint, session: Any) -> Injection:
        found: Injection = marker(extension_filter(name if name is not None else _point_name(point, session)))
        return found

    def find(ctx: Any, point: InjectionPoint, session: Any) -> Any:
        return wanted(point, session).resolve(ctx, point, session)  # type: ignore[misc]  # these markers have one

    def foresee(ctx: Any, point: InjectionPoint, session: Any) -> Iterable[Binding[Any]]:
        told = wanted(point, session).foresee
        return told(ctx, point, session) if told is not None else ()

    details = {"extension_point": name}
    return Injection(None, resolve=find, decorator=decorator, expects=expects, details=details, foresee=foresee)


def _point_name(point: InjectionPoint, session: Any) -> str:
    binding = session.current_binding
    target = point.target
    if binding is None and isinstance(target, type):  # a method call: the class itself says what it is
        binding = Binding[Any]("probe").apply(*templates_of(target))
    if binding is not None:
        tagged = binding.tag_map.get(CoreTags.EXTENSION_POINT) or binding.tag_map.get(ContextTags.NAME)
        if tagged:
            return str(tagged)
    if target is None:
        raise ResolutionError(
            f"The extension point of {point.target_name} is not known: name it.", path=session.resolution_path
        )
    return str(target.__name__)
