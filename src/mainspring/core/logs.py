"""Setting up logging for a process that Mainspring runs. Importing or constructing anything never does."""

import logging
import sys
from collections.abc import Mapping
from typing import Any

from mainspring.core.settings import effective_value

__all__ = ["set_up_logging"]

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def set_up_logging(config: Any) -> None:
    """Do what ``config["logging"]`` says, unless the root logger has a handler already.

    A level name (``"DEBUG"``) logs text to the standard error stream, ``"json"`` one JSON object a line from ``INFO``
    on, a mapping is handed to ``logging.config.dictConfig``. Without the setting nothing is set up.

    Raises:
        ValueError: It is none of these, or the mapping is not right.
    """
    root = logging.getLogger()
    wanted = effective_value(config, "logging", Mapping | str)
    if root.handlers or wanted is None:
        return
    if isinstance(wanted, Mapping):
        from logging.config import dictConfig  # noqa: PLC0415 - it costs more than the start of a server

        try:
            dictConfig({"version": 1, "disable_existing_loggers": False, **wanted})
        except (ValueError, TypeError, AttributeError, ImportError) as error:
            why = f"{error} ({error.__cause__})" if error.__cause__ is not None else str(error)
            raise ValueError(f"config['logging'] is no mapping for dictConfig: {why}. Correct it.") from error
        return
    handler = logging.StreamHandler(sys.stderr)
    if str(wanted).lower() == "json":
        from mainspring.core.json_logs import JsonFormatter  # noqa: PLC0415 - few programs log JSON

        level: int | str = logging.INFO
        handler.setFormatter(JsonFormatter())
    else:
        level = _level(wanted)
        handler.setFormatter(logging.Formatter(_TEXT))
    root.addHandler(handler)
    root.setLevel(level)


def _level(name: Any) -> str:
    text = str(name).upper()
    if text not in logging.getLevelNamesMapping():
        raise ValueError(f"config['logging'] is a level name, 'json' or a dictConfig mapping, not {name!r}.")
    return text
