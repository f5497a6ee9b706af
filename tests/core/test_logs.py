"""Logging is set up by ``run()`` and the commands, and only when nobody else did."""

import json
import logging
import subprocess
import sys

import pytest

from mainspring.core import Application
from mainspring.core.json_logs import JsonFormatter
from mainspring.core.logs import set_up_logging


@pytest.fixture
def bare(monkeypatch):
    """Gives the root logger without handlers (pytest adds its own when the test begins); it is put back afterwards."""
    logger = logging.getLogger()
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "level", logging.WARNING)
    monkeypatch.delenv("MAINSPRING_LOGGING", raising=False)

    def give():
        logger.handlers.clear()
        return logger

    return give


def test_a_level_name_logs_text(bare):
    """CORE-247"""
    root = bare()
    set_up_logging({"logging": "debug"})
    assert root.level == logging.DEBUG
    assert len(root.handlers) == 1


def test_json_logs_one_object_a_line(bare, capsys):
    """CORE-247"""
    bare()
    set_up_logging({"logging": "json"})
    logging.getLogger("x").info("hello %s", "you", extra={"request_id": 1})
    line = json.loads(capsys.readouterr().err)
    assert line["message"] == "hello you"
    assert (line["level"], line["logger"], line["request_id"]) == ("INFO", "x", 1)


def test_the_formatter_tells_exceptions():
    """CORE-247"""
    try:
        1 / 0  # noqa: B018 - for the exception
    except ZeroDivisionError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "broke", (), sys.exc_info())
    assert "ZeroDivisionError" in json.loads(JsonFormatter().format(record))["exception"]


def test_a_mapping_is_a_dict_config(bare):
    """CORE-247"""
    root = bare()
    set_up_logging({"logging": {"root": {"level": "ERROR", "handlers": []}}})
    assert root.level == logging.ERROR


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ({"version": 7}, "Unsupported version: 7"),
        ({"handlers": {"file": {"class": "no.such.Handler"}}}, "Unable to configure handler 'file' .*no"),
        ({"root": 3}, "."),
    ],
)
def test_a_mapping_that_is_not_right_is_named(bare, mapping, why):
    """CORE-247"""
    bare()
    with pytest.raises(ValueError, match=rf"^config\['logging'\] is no mapping for dictConfig: {why}"):
        set_up_logging({"logging": mapping})


def test_nothing_happens_where_a_handler_is_or_nothing_is_said(bare):
    """CORE-247"""
    root = bare()
    set_up_logging({})
    assert root.handlers == []
    handler = logging.NullHandler()
    root.addHandler(handler)
    set_up_logging({"logging": "debug"})
    assert root.handlers == [handler]
    assert root.level == logging.WARNING


def test_the_environment_wins(bare, monkeypatch):
    """CORE-247, CORE-027"""
    root = bare()
    monkeypatch.setenv("MAINSPRING_LOGGING", "error")
    set_up_logging({"logging": "debug"})
    assert root.level == logging.ERROR


def test_an_unknown_level_is_refused(bare):
    """CORE-247"""
    bare()
    with pytest.raises(ValueError, match="loud"):
        set_up_logging({"logging": "loud"})


def test_importing_and_constructing_configure_nothing(bare):
    """CORE-247"""
    root = bare()
    Application({"logging": "debug"})
    assert root.handlers == []
    code = "import mainspring.core, logging; print(logging.getLogger().handlers)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
