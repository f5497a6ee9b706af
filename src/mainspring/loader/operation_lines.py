"""The line of one operation: which stages its controllers and its own decorators name, in which order."""

from collections.abc import Iterable
from typing import Any

from mainspring.loader.chains import CORE, AnyStage, Line
from mainspring.loader.stage_decorators import NotedStage, StageNotes, class_stages, method_stages
from mainspring.loader.stage_kinds import Stage
from mainspring.rest import ControllerRoute

__all__ = ["middleware_classes", "operation_line"]


def operation_line(route: Any) -> Line | None:
    """The line of the operation of a route; ``None`` when nothing is around its handler.

    In front of the handler: ``use_before`` of the controllers, the outermost first, ``use`` of the controller, then
    both of the operation. Behind it: ``use_after`` of the operation, then of the controller.
    """
    is_method = isinstance(route, ControllerRoute)
    cls = route.controller_class if is_method else None
    own = method_stages(cls, route.method_name if is_method else "", getattr(route, "handler", None))
    levels = [class_stages(parent).before for parent in getattr(route, "parents", ())]
    notes = class_stages(cls) if cls is not None else StageNotes()
    before = _stages([*levels, (*notes.before, *notes.use), (*own.before, *own.use)])
    after = _stages([own.after, notes.after])
    if not (before or after or own.answers):
        return None
    answers = sorted(own.answers, key=lambda answer: answer.order)
    return Line((*before, CORE, *answers, *after))


def _stages(levels: Iterable[Iterable[NotedStage]]) -> list[AnyStage]:
    """The stages of what is noted, level by level.

    A guard, or whatever else has options, that an outer level names too runs there once, with the options of both.
    """
    stages: list[AnyStage] = []
    outer: dict[int, Stage] = {}
    for level in levels:
        found = [stage for each in level if (stage := _merged(each, outer)) is not None]
        stages += found
        for stage in found:
            outer.setdefault(id(stage.thing), stage)
    return stages


def _merged(noted: NotedStage, outer: dict[int, Stage]) -> Stage | None:
    """The stage of what is noted; ``None`` when an outer one now stands for it."""
    known = outer.get(id(noted.thing))
    if known is not None and (noted.is_guard or known.is_guard or noted.options or known.options):
        known.options = {**known.options, **noted.options}
        known.is_guard = known.is_guard or noted.is_guard
        return None
    stage = Stage(noted.thing, noted.options)
    stage.is_guard = noted.is_guard
    return stage


def middleware_classes(line: Line) -> list[type[Any]]:
    """The classes of a line that the container makes the middleware of."""
    return [stage.thing for stage in line.stages if isinstance(stage, Stage) and stage.owner is not None]
