"""Putting documents together: merge patch, fragments with components of their own, mounted documents."""

from collections.abc import Iterable, Mapping
from typing import Any

from mainspring.openapi.builders import built
from mainspring.openapi.components import rewrite_references
from mainspring.openapi.references import pointer_escape, pointer_unescape

__all__ = ["add_fragment", "merge_openapi_spec", "merge_security_scheme", "moved_below", "renamed_references"]

_COMPONENTS = "#/components/"


def merge_openapi_spec(spec: Mapping[str, Any], patch: Any) -> dict[str, Any]:
    """A JSON merge patch (RFC 7396): members of the patch replace, mappings merge, ``None`` deletes. On a copy."""
    result: dict[str, Any] = _patched(built(spec), built(patch))
    return result


def merge_security_scheme(spec: Mapping[str, Any], name: str, scheme: Mapping[str, Any]) -> dict[str, Any]:
    """The document with a security scheme added to its components."""
    return merge_openapi_spec(spec, {"components": {"securitySchemes": {name: scheme}}})


def moved_below(spec: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """A copy of a document with all paths below a prefix; ``""`` and ``"/"`` change nothing."""
    result: dict[str, Any] = built(spec)
    if prefix not in ("", "/") and "paths" in result:
        start = "/" + prefix.strip("/")
        result["paths"] = {
            start + (path if path.startswith("/") else f"/{path}"): i for path, i in result["paths"].items()
        }
    return result


def add_fragment(document: dict[str, Any], fragment: Mapping[str, Any]) -> dict[str, str]:
    """Add paths, components and tags of a fragment to a document, which is changed.

    What the document has already wins. Components of one name that are not equal live side by side, the later under a
    new name; references in the fragment follow.

    Returns:
        The references that were renamed, old to new.
    """
    renamed = _new_names(document.get("components", {}), fragment.get("components", {}))
    plain: dict[str, Any] = renamed_references(fragment, renamed)
    for sort, members in plain.get("components", {}).items():
        target = document.setdefault("components", {}).setdefault(sort, {})
        for name, member in members.items():
            reference = f"{_COMPONENTS}{sort}/{pointer_escape(name)}"
            target.setdefault(pointer_unescape(renamed.get(reference, reference).rpartition("/")[2]), member)
    for path, item in plain.get("paths", {}).items():
        known = document.setdefault("paths", {}).setdefault(path, {})
        for member, value in item.items():
            known.setdefault(member, value)
    tags = _merged_tags(document.get("tags", []), plain.get("tags", []))
    if tags:
        document["tags"] = tags
    for member, value in plain.items():
        if member not in ("components", "paths", "tags"):
            document.setdefault(member, value)
    return renamed


def renamed_references(value: Any, renamed: Mapping[str, str]) -> Any:
    """A copy with references replaced by their new names."""
    return rewrite_references(value, lambda reference: renamed.get(reference, reference))


def _patched(target: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _patched(result.get(key), value)
    return result


def _new_names(known: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, str]:
    """New names for components that are there already and different."""
    renamed: dict[str, str] = {}
    for sort, members in added.items():
        present = known.get(sort, {})
        for name, member in members.items():
            if name in present and present[name] != member:
                number = 1
                while f"{name}{number}" in present or f"{name}{number}" in members:
                    number += 1
                start = f"{_COMPONENTS}{sort}/"
                renamed[start + pointer_escape(name)] = start + pointer_escape(f"{name}{number}")
    return renamed


def _merged_tags(known: Iterable[Any], added: Iterable[Any]) -> list[Any]:
    merged: dict[str, Any] = {}
    for tag in (*known, *added):
        item = {"name": tag} if isinstance(tag, str) else tag
        merged[item["name"]] = {**item, **merged.get(item["name"], {})}
    return list(merged.values())
