"""Adding lines to Python files that somebody wrote: nothing else of them changes."""

import ast
import re
from pathlib import Path

from mainspring.cli.errors import UsageFailure

__all__ = ["Source"]


class Source:
    """The text of a Python file.

    Args:
        path: The file, for messages.
        text: What stands in it.

    Raises:
        UsageFailure: It is no Python.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self._tree = self._parsed()

    def _parsed(self) -> ast.Module:
        try:
            return ast.parse(self.text)
        except SyntaxError as error:
            raise UsageFailure(f"{self.path}:{error.lineno} cannot be read: {error.msg}.") from error

    def add_import(self, module: str, *names: str) -> None:
        """Import names from a module; those that are imported already stay as they are."""
        for node in self._tree.body:
            if isinstance(node, ast.ImportFrom) and node.module == module and not node.level:
                there = [alias.name for alias in node.names]
                if any(alias.asname for alias in node.names):
                    continue
                wanted = sorted({*there, *names}, key=_import_order)
                if set(wanted) != set(there):
                    self._replace(node, f"from {module} import {', '.join(wanted)}")
                return
        line = f"from {module} import {', '.join(sorted(names, key=_import_order))}"
        imports = [node for node in self._tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        same = _imports_beside(module, imports)
        if same:
            before = [node for node in same if (node.module or "") <= module]
            self._insert_after((before[-1].end_lineno or 0) if before else same[0].lineno - 1, line)
        elif imports:  # the first one of its package: a section of its own, as isort keeps it
            self._insert_after(imports[-1].end_lineno or 0, "", line)
        else:
            self._insert_after(self._end_of_docstring(), "", line)

    def _end_of_docstring(self) -> int:
        body = self._tree.body
        is_described = body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        return (body[0].end_lineno or 0) if is_described else 0

    def class_has(self, cls: str, name: str) -> bool:
        """Whether the body of a class defines a name.

        Raises:
            UsageFailure: There is no such class.
        """
        for node in self._class(cls).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if getattr(node, "name", None) == name:
                return True
            if any(isinstance(each, ast.Name) and each.id == name for each in targets):
                return True
        return False

    def add_to_class(self, cls: str, line: str) -> None:
        """Add an attribute behind the last attribute of a class.

        Raises:
            UsageFailure: There is no such class.
        """
        node = self._class(cls)
        attributes = [each for each in node.body if isinstance(each, ast.Assign | ast.AnnAssign | ast.Expr)]
        last = attributes[-1] if attributes else node.body[0]
        self._insert_after(last.end_lineno or 0, f"    {line}")

    def add_to_init(self, cls: str, *lines: str) -> None:
        """Add statements to the end of the constructor of a class.

        Raises:
            UsageFailure: There is no such class, or it has no constructor.
        """
        init = self._init(cls)
        self._insert_after(init.end_lineno or 0, *(f"        {line}" for line in lines))

    def add_parameter(self, cls: str, parameter: str) -> None:
        """Add a parameter to the constructor of a class, which then has one on each line.

        Raises:
            UsageFailure: There is no such class, or it has no constructor.
        """
        init = self._init(cls)
        start, end = init.lineno - 1, init.body[0].lineno - 1
        header = "".join(self._lines()[start:end])
        parts = ["self", *_arguments(header), parameter]
        returns = f" -> {ast.unparse(init.returns)}" if init.returns is not None else ""
        new = ["    def __init__(", *(f"        {part}," for part in parts), f"    ){returns}:"]
        lines = self._lines()
        lines[start:end] = [f"{line}\n" for line in new]
        self._set("".join(lines))

    # Below

    def _class(self, cls: str) -> ast.ClassDef:
        found = next((node for node in self._tree.body if isinstance(node, ast.ClassDef) and node.name == cls), None)
        if found is None:
            raise UsageFailure(f"{self.path} has no class {cls}.")
        return found

    def _init(self, cls: str) -> ast.FunctionDef:
        for node in self._class(cls).body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                return node
        raise UsageFailure(f"{cls} in {self.path} has no __init__ to add to.")

    def _lines(self) -> list[str]:
        return self.text.splitlines(keepends=True)

    def _insert_after(self, line: int, *new: str) -> None:
        lines = self._lines()
        if lines and line and not lines[line - 1].endswith("\n"):
            lines[line - 1] += "\n"
        lines[line:line] = [f"{each}\n" for each in new]
        self._set("".join(lines))

    def _replace(self, node: ast.stmt, new: str) -> None:
        lines = self._lines()
        lines[node.lineno - 1 : node.end_lineno] = [f"{new}\n"]
        self._set("".join(lines))

    def _set(self, text: str) -> None:
        self.text = text
        self._tree = self._parsed()


def _imports_beside(module: str, imports: list[ast.Import | ast.ImportFrom]) -> list[ast.ImportFrom]:
    """The imports from the same package."""
    package = module.partition(".")[0]
    same = [node for node in imports if isinstance(node, ast.ImportFrom) and not node.level]
    return [node for node in same if (node.module or "").partition(".")[0] == package]


def _import_order(name: str) -> tuple[int, str]:
    """Constants, classes, functions: the order that isort and ruff keep."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def _arguments(header: str) -> list[str]:
    """The parameters of a constructor behind ``self``, as they are written."""
    inner = header[header.index("(") + 1 : header.rindex(")")]
    parts, depth, current = [], 0, ""
    for character in inner:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    parts.append(current)
    return [" ".join(re.sub(r"\s+", " ", part).split()) for part in parts if part.strip()][1:]
