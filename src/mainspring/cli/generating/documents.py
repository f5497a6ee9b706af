"""Controllers and models from an OpenAPI document: what is promised in it, as code to be filled in."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from mainspring.cli.errors import UsageFailure
from mainspring.cli.generating.artifacts import render, words_of
from mainspring.cli.generating.document_types import Types, comment, identifier, quoted
from mainspring.cli.generating.names import Name
from mainspring.cli.generating.project import Project

__all__ = ["document_files"]

_VERBS = ("get", "put", "post", "delete", "patch", "head", "options")
_MARKERS = {"query": "query", "path": "path", "header": "header", "cookie": "cookie"}


def document_files(project: Project, source: str) -> dict[Path, str]:
    """The files of a document: its models, a controller for each tag, and a test for each controller.

    Args:
        project: Where.
        source: The path or URL of the document, JSON or YAML.

    Raises:
        UsageFailure: It has no operation, or what reads YAML is not installed.
        DocumentError: It is no document.
    """
    try:
        from mainspring.proxies.documents import load_document  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageFailure("Documents are read by what mainspring[proxies] brings: install that.") from error
    document = asyncio.run(load_document(source, _fetched))
    content = document.content
    title = re.sub(r"[^A-Za-z0-9]+", " ", str(content.get("info", {}).get("title", "api"))).strip() or "api"
    name = Name(title if title[:1].isalpha() else f"api {title}")
    types = Types(document, project.module("models", name.module))
    groups = _groups(content, document)
    if not groups:
        raise UsageFailure(f"{source} has no operation.")
    made: dict[Path, str] = {}
    for group, operations in groups.items():
        made |= _controller(project, group, operations, types)
    if types.classes:
        text = types.module_text(f"What {title} speaks of.")
        made = {project.artifact("models", name.module): text, **made}
    return made


async def _fetched(url: str) -> bytes:
    def get() -> bytes:
        with urlopen(Request(url, headers={"Accept": "application/json, application/yaml"}), timeout=30) as answer:
            return bytes(answer.read())

    try:
        return await asyncio.to_thread(get)
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise UsageFailure(f"{url} cannot be read: {getattr(reason, 'strerror', None) or reason}.") from error


def _groups(content: Mapping[str, Any], document: Any) -> dict[str, list[dict[str, Any]]]:
    """The operations by the name of the controller: the first tag, else the first word of the path."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, entry in content.get("paths", {}).items():
        item = document.resolved(entry)
        for verb in _VERBS:
            if verb not in item:
                continue
            operation = dict(item[verb])
            words = [each for each in re.split(r"[^A-Za-z0-9]+", re.sub(r"\{[^}]*\}", "", path)) if each]
            tag = next(iter(operation.get("tags") or ()), words[0] if words else "root")
            shared = [document.resolved(each) for each in item.get("parameters", ())]
            own = [document.resolved(each) for each in operation.get("parameters", ())]
            given = {(each["name"], each["in"]): each for each in [*shared, *own]}
            operation |= {"verb": verb, "path": path, "parameters": list(given.values())}
            groups.setdefault(str(tag), []).append(operation)
    return groups


def _controller(project: Project, group: str, operations: list[dict[str, Any]], types: Types) -> dict[Path, str]:
    text = re.sub(r"[^A-Za-z0-9]+", " ", group).strip() or "root"
    name = Name(text if text[:1].isalpha() else f"api {text}", "Controller")
    uses = _Uses()
    taken: set[str] = set()
    methods = [_method(each, types, uses, taken) for each in operations]
    words = words_of(project, name, "controllers") | {
        "imports": uses.lines(types.module),
        "methods": "\n".join(methods),
        "group": comment(f"Operations on {group}"),
        "first_verb": operations[0]["verb"].upper(),
        "first_path": operations[0]["path"],
        "paths": ", ".join(quoted(each) for each in dict.fromkeys(each["path"] for each in operations)),
    }
    return {
        project.artifact("controllers", name.module): render("openapi", "artifact", words),
        project.test(name.module): render("openapi", "test", words),
    }


class _Uses:
    """What a controller's file imports."""

    def __init__(self) -> None:
        self.modules: dict[str, set[str]] = {"mainspring": {"HttpErrors", "rest"}}
        self.models: set[str] = set()

    def add(self, module: str, *names: str) -> None:
        self.modules.setdefault(module, set()).update(names)

    def lines(self, models: str) -> str:
        own = [f"from {models} import {', '.join(sorted(self.models))}\n"] if self.models else []
        rest = [
            f"from {module} import {', '.join(sorted(names, key=lambda each: (each[0].islower(), each)))}\n"
            for module, names in sorted(self.modules.items())
        ]
        standard = [line for line in rest if not line.startswith("from mainspring")]
        others = [line for line in rest if line.startswith("from mainspring")]
        return "\n".join("".join(each) for each in (standard, others, own) if each)


def _method(operation: Mapping[str, Any], types: Types, uses: _Uses, taken: set[str]) -> str:
    verb, path = operation["verb"], operation["path"]
    base = operation.get("operationId") or f"{verb}_{re.sub(r'[^A-Za-z0-9]+', '_', path).strip('_')}"
    name = identifier(str(base))
    while name in taken:
        name += "_"
    taken.add(name)
    required: list[str] = []
    optional: list[str] = []
    for each in operation["parameters"]:
        text, is_required = _parameter(each, types, uses)
        (required if is_required else optional).append(text)
    body = _body(operation, types, uses)
    if body is not None:
        (required if body[1] else optional).append(body[0])
    status, result = _result(operation, types, uses)
    said = comment(str(operation.get("summary") or operation.get("description") or f"{verb.upper()} {path}"))
    lines = [f"    @rest.{verb}({quoted(path)})"]
    if operation.get("deprecated"):
        lines.append("    @rest.deprecated()")
    if status != 200:
        lines.append(f"    @rest.response({status})" if result == "None" else f"    @rest.response({status}, {result})")
    lines.append(f"    async def {name}({', '.join(['self', *required, *optional])}) -> {result}:")
    lines.append(f'        """{said}"""')
    lines.append(f'        raise HttpErrors.NotImplemented("{name} is not written yet.")')
    return "\n".join(lines) + "\n"


def _parameter(parameter: Mapping[str, Any], types: Types, uses: _Uses) -> tuple[str, bool]:
    where, wire = parameter["in"], str(parameter["name"])
    described: list[Any] = list(parameter.get("content", {}).values())
    schema: Any = parameter.get("schema") or (described[0].get("schema", {}) if described else {})
    annotation = types.annotation(schema, uses.add, uses.models)
    name = identifier(wire)
    is_required = bool(parameter.get("required")) or where == "path"
    if not is_required and "default" not in schema:
        annotation = f"{annotation} | None"
    if where != "query" or name != wire:
        marker = f"param.{_MARKERS[where]}({quoted(wire) if name != wire else ''})"
        if where != "path" or name != wire:
            uses.add("typing", "Annotated")
            uses.add("mainspring", "param")
            annotation = f"Annotated[{annotation}, {marker}]"
    if is_required:
        return f"{name}: {annotation}", True
    default = schema.get("default")
    return f"{name}: {annotation} = {types.shown(default)}", False


def _body(operation: Mapping[str, Any], types: Types, uses: _Uses) -> tuple[str, bool] | None:
    body = types.document.resolved(operation.get("requestBody"))
    if not body:
        return None
    content = body.get("content", {})
    media = next((each for each in content if "json" in each), next(iter(content), "application/json"))
    annotation = types.annotation(content.get(media, {}).get("schema", {}), uses.add, uses.models)
    uses.add("typing", "Annotated")
    uses.add("mainspring", "request_body")
    given = "" if media == "application/json" else f"media_type={quoted(media)}"
    if body.get("required"):
        return f"body: Annotated[{annotation}, request_body({given})]", True
    return f"body: Annotated[{annotation} | None, request_body({given})] = None", False


def _result(operation: Mapping[str, Any], types: Types, uses: _Uses) -> tuple[int, str]:
    """The status and the annotation of the first response that says it went well."""
    responses = operation.get("responses", {})
    status = next((int(each) for each in sorted(map(str, responses)) if re.fullmatch(r"2\d\d", each)), 200)
    response = types.document.resolved(responses.get(str(status), responses.get(status, {})))
    content = response.get("content", {}) if isinstance(response, Mapping) else {}
    media = next((each for each in content if "json" in each), None)
    if media is None:
        if not content:
            return status, "None"
        return status, "str" if next(iter(content)).startswith("text/") else "bytes"
    return status, types.annotation(content[media].get("schema", {}), uses.add, uses.models)
