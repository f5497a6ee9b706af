"""The line of one operation: which stages its controllers and its own decorators name, in which order."""

from collections.abc import Iterable
from typing import Any

from mainspring.loader.chains import CORE, AnyStage, Line
from mainspring.loader.stage_decorators import NotedStage, class_stages, method_stages
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
    outer = [class_stages(parent).before for parent in getattr(route, "parents", ())]
    notes = class_stages(cls) if cls is not None else None
    groups: list[Iterable[NotedStage]] = [*outer]
    groups += [notes.before, notes.use] if notes is not None else []
    before = _stages(stage for group in (*groups, own.before, own.use) for stage in group)
    after = _stages((*own.after, *(notes.after if notes is not None else ())))
    if not (before or after or own.answers):
        return None
    answers = sorted(own.answers, key=lambda answer: answer.order)
    return Line((*before, CORE, *answers, *after))


def _stages(noted: Iterable[NotedStage]) -> list[AnyStage]:
    """The stages of what is noted. A guard with options that is there twice runs once, with the options of both."""
    stages: list[AnyStage] = []
    guards: dict[int, Stage] = {}
    for each in noted:
        known = guards.get(id(each.thing))
        if known is not None and (each.is_guard or each.options or known.options):
            known.options = {**known.options, **each.options}
            known.is_guard = known.is_guard or each.is_guard
            continue
        stage = Stage(each.thing, each.options)
        stage.is_guard = each.is_guard
        if each.is_guard or each.options or known is None:
            guards[id(each.thing)] = stage
        stages.append(stage)
    return stages


def middleware_classes(line: Line) -> list[type[Any]]:
    """The classes of a line that the container makes the middleware of."""
    return [stage.thing for stage in line.stages if isinstance(stage, Stage) and stage.owner is not None]
