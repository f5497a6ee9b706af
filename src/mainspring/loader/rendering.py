"""``@render``: what a handler returns, filled into a template. Engines are functions ``(path, values)``."""

import html
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from typing import Any, TypeVar

from mainspring.context import BindingKey
from mainspring.errors import MainspringError
from mainspring.loader.answers import Answer
from mainspring.loader.stage_decorators import note_stages
from mainspring.rest import RequestContext, Response
from mainspring.rest.streaming import in_thread

__all__ = ["RenderError", "Views", "render", "view_options"]

T = TypeVar("T")
Engine = Callable[[Path, Mapping[str, Any]], Any]
"""``fn(path, values)`` gives the text, plain or ``async``."""


class RenderError(MainspringError, RuntimeError):
    """A template that gave no text: ``handler``, ``template`` and ``reason``.

    Remedy:
        Give ``render`` a template that exists, and an engine (the setting ``views``) that returns text.
    """

    def __init__(self, handler: str, template: str, reason: str) -> None:
        super().__init__(handler, template, reason)
        self.handler, self.template, self.reason = handler, template, reason

    def __str__(self) -> str:
        return f"{self.handler} cannot render {self.template}: {self.reason}."


def plain_engine(path: Path, values: Mapping[str, Any]) -> str:
    """Templates by the rules of ``string.Template``; in HTML the values are escaped.

    Raises:
        KeyError: A value is missing.
        ValueError: A placeholder is malformed.
        OSError: The template cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix.lower() in (".html", ".htm", ".xhtml", ".xml"):
        values = {name: _escaped(value) for name, value in values.items()}
    return Template(text).substitute(values)


def _escaped(value: Any) -> str:
    ready = getattr(value, "__html__", None)
    return str(ready()) if ready is not None else html.escape(str(value))


class Views:
    """The templates of a server: where they are, and the engines that fill them.

    Attributes:
        options: Gives what is set: ``root``, the folder, and ``engine``, a function, or an extension that has one, for
            templates whose own extension has none.
    """

    #: Where a server has its own.
    KEY: BindingKey["Views"] = BindingKey("loader.views")

    def __init__(self, options: Callable[[], Mapping[str, Any]] = dict) -> None:
        self.options = options
        self._engines: dict[str, Engine] = {}

    def engine(self, extension: str, engine: Engine) -> None:
        """Fill templates with an extension by an engine.

        Raises:
            TypeError: It is no function.
        """
        if not callable(engine):
            raise TypeError(f"An engine is a function (path, values), not {engine!r}.")
        self._engines[_suffix(extension)] = engine

    def _engine_for(self, path: Path, wanted: Any) -> Engine:
        found = self._engines.get(path.suffix.lower())
        if found is None:
            found = self._engines.get(_suffix(wanted)) if isinstance(wanted, str) else wanted or plain_engine
        if not callable(found):
            raise TypeError(f"there is no engine {wanted!r}: register it, server.engine({wanted!r}, fn)")
        return found

    async def render(self, template: str, values: Mapping[str, Any]) -> str:
        """The text of a template with values filled in."""
        options = self.options()
        path = Path(options.get("root") or ".") / template
        engine = self._engine_for(path, options.get("engine"))
        if engine is plain_engine:
            return await in_thread(lambda: plain_engine(path, values))  # type: ignore[no-any-return]  # it gives text
        text = engine(path, values)
        return str(await text if inspect.isawaitable(text) else text)


def view_options(settings: Any) -> dict[str, Any]:
    """What the settings of a server say of its templates; the folder ``views`` unless they name another one."""
    views = settings.get("views") or {}
    return {**views, "root": settings.path(views.get("root") or "views")}


def _suffix(extension: str) -> str:
    return "." + extension.lstrip(".").lower()


class _Rendering(Answer):
    order = 1

    def __init__(self, template: str, values: Mapping[str, Any]) -> None:
        super().__init__(f"render({template})", lambda _: None, media_type="text/html")
        self._template = template
        self._values = dict(values)

    async def call(self, ctx: RequestContext, next: Any, error: Any = None) -> None:  # noqa: ARG002 - as every stage
        """Render the result.

        Raises:
            RenderError: There is no text; handler and template are named.
        """
        result = ctx.result
        if isinstance(result, Response) or ctx.response.headers_sent:
            return
        if result is not None and not isinstance(result, Mapping):
            raise self._failure(ctx, f"the handler returned {type(result).__name__}; return a mapping of values")
        views = await ctx.get(Views.KEY)
        try:
            ctx.result = await views.render(self._template, {**self._values, **(result or {})})
        except Exception as fault:
            reason = f"the value {fault} is missing" if isinstance(fault, KeyError) else str(fault) or repr(fault)
            raise self._failure(ctx, reason.rstrip(".")) from fault
        if "content-type" not in ctx.response.headers:
            ctx.response.headers["Content-Type"] = "text/html; charset=utf-8"

    def _failure(self, ctx: RequestContext, reason: str) -> RenderError:
        return RenderError(ctx.route.description, self._template, reason)


def render(template: str, **values: Any) -> Callable[[T], T]:
    """Fill the mapping that the handler returns into a template, and send it as HTML.

    Args:
        template: The template, below the folder of the setting ``views``.
        values: Values besides; those of the handler win.

    Raises:
        TypeError: The template is no text.
    """
    if not isinstance(template, str) or not template:
        raise TypeError(f"@render takes the name of a template, not {template!r}.")
    stage = _Rendering(template, values)

    def decorate(target: T) -> T:
        note_stages(target, "render", "answers", (stage,), classes=False)
        return target

    return decorate
