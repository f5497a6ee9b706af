"""The reference: ``<!-- room: mainspring.core -->`` in a page becomes what that room exports, from its docstrings.

A name that several rooms export is described on the page of the lowest of them, and linked from the others.
"""

import builtins
import inspect
import re
from functools import cache
from importlib import import_module
from textwrap import indent
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.ext.napoleon import GoogleDocstring
from sphinx.util.nodes import find_pending_xref_condition

ROOMS = (
    "errors", "metadata", "http", "openapi", "context", "core", "listener", "boot", "rest", "repository",
    "crud", "loader", "proxies", "explorer", "testing",
)  # fmt: skip
NAMES = "<!-- names of mainspring -->"
MARK = re.compile(r"^<!-- room: mainspring\.(\w+) -->$", re.MULTILINE)


@cache
def owners() -> dict[str, tuple[str, Any]]:
    """The lowest room that exports each name, and the name's value there."""
    found: dict[str, tuple[str, Any]] = {}
    for room in ROOMS:
        module = import_module(f"mainspring.{room}")
        for name in module.__all__:
            found.setdefault(name, (room, getattr(module, name)))
    return found


def directive(room: str, name: str, value: Any) -> str:
    """How a name is described."""
    path = f"mainspring.{room}.{name}"
    if isinstance(value, type):
        members = "" if issubclass(value, BaseException) else "\n   :members:"
        return f".. autoclass:: {path}{members}\n"
    if inspect.isroutine(value):
        return f".. autofunction:: {path}\n"
    if inspect.ismodule(value):
        return f".. automodule:: {path}\n   :no-index:\n"
    if type(value).__name__[0] == "_" and type(value).__module__.startswith("mainspring."):
        methods = {each: getattr(value, each) for each in dir(value) if each[0] != "_"}
        parts = [entry("data", name, value), *(entry("function", f"{name}.{each}", method)
                 for each, method in methods.items() if inspect.ismethod(method))]  # fmt: skip
        return "".join(parts)
    return f".. py:data:: {name}\n\n   ``{escaped(value)}``\n\n"


def entry(kind: str, path: str, value: Any) -> str:
    """An object that is no class and no function, or one of its methods."""
    signature = escaped(inspect.signature(value)) if kind == "function" else ""
    text = str(GoogleDocstring(inspect.getdoc(value) or ""))
    return f".. py:{kind}:: {path}{signature}\n\n{indent(text, '   ')}\n\n"


def escaped(value: Any) -> str:
    """A value in words, without the modules that its types come from."""
    return re.sub(r"(?:\w+\.)+(?=\w)|[~']", "", repr(value) if not isinstance(value, inspect.Signature) else str(value))


def group(value: Any) -> str:
    """The heading that a name stands under."""
    if isinstance(value, type):
        return "Errors" if issubclass(value, BaseException) else "Classes"
    return "Functions" if inspect.isroutine(value) else "Other names"


def described(room: str) -> str:
    """The page of a room, in Markdown."""
    module = import_module(f"mainspring.{room}")
    groups: dict[str, list[str]] = {"Classes": [], "Functions": [], "Other names": [], "Errors": []}
    elsewhere = []
    for name in sorted(module.__all__, key=str.lower):
        value = getattr(module, name)
        if owners()[name][1] is value and owners()[name][0] != room:
            elsewhere.append(link(name))
        else:
            groups[group(value)].append(directive(room, name, value))
    text = "".join(
        f"\n## {heading}\n\n```{{eval-rst}}\n{''.join(each)}```\n" for heading, each in groups.items() if each
    )
    also = f"\n## Also here\n\nOffered by this room, described below it: {', '.join(elsewhere)}.\n" if elsewhere else ""
    return f"```{{eval-rst}}\n.. automodule:: mainspring.{room}\n   :no-members:\n```\n{text}{also}"


def link(name: str) -> str:
    """A link to where a name is described; a module's is to its page."""
    room, value = owners().get(name, (name, None))
    return f"[`{name}`]({room}.md)" if value is None else f"{{py:obj}}`{name} <mainspring.{room}.{name}>`"


def read(_app: Sphinx, _page: str, content: list[str]) -> None:
    """Change a page before it is parsed."""
    content[0] = MARK.sub(lambda mark: described(mark[1]), content[0])
    if NAMES in content[0]:
        names = sorted(import_module("mainspring").__all__, key=str.lower)
        content[0] = content[0].replace(NAMES, ", ".join(map(link, names)))


def unlink_built_ins(_app: Sphinx, tree: nodes.document) -> None:
    """Leave names of Python's own as they are: `type` in a signature means no attribute of that name."""
    for reference in list(tree.findall(pending_xref)):
        if reference["refdomain"] == "py" and hasattr(builtins, reference["reftarget"]):
            words = find_pending_xref_condition(reference, "resolved")
            reference.replace_self(words.children if words else reference.children)


def name_attributes(_app: Sphinx, tree: nodes.document) -> None:
    """Call attributes what they are called in docstrings."""
    for name in tree.findall(nodes.field_name):
        if name.astext() == "Variables":
            name.children = [nodes.Text("Attributes")]


def keep_first_line(_app: Sphinx, what: str, _name: str, _value: Any, _options: Any, lines: list[str]) -> None:
    """Keep napoleon from taking what stands before a colon in the words on an attribute for its type."""
    if what in ("attribute", "data", "property"):
        lines.insert(0, "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx's entry point."""
    app.connect("source-read", read)
    app.connect("doctree-read", unlink_built_ins)
    app.connect("doctree-read", name_attributes)
    app.connect("autodoc-process-docstring", keep_first_line, priority=400)  # napoleon's is 500
    return {"parallel_read_safe": True}
