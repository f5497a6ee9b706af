"""Reading a configuration from files and the environment."""

import json
import os
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypedDict

import msgspec
import pytest

from mainspring.core import Application, ApplicationConfig, ConfigurationError, load_config


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith("MAINSPRING_"):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


def test_files_merge_in_order_and_the_environment_is_on_top(file, monkeypatch):
    """CORE-244"""
    first = file("a.toml", 'name = "a"\nlist = [1]\n[rest]\nport = 1\nhost = "h"\n[rest.cors]\nmax_age = 5\n')
    second = file("b.json", {"rest": {"port": 2, "cors": {"origin": "*"}}, "list": [2]})
    monkeypatch.setenv("MAINSPRING_REST_PORT", "3")
    monkeypatch.setenv("MAINSPRING_SERVERS_ADMIN__PORT", "4")
    monkeypatch.setenv("MAINSPRING_REST_CORS__METHODS", '["GET"]')
    monkeypatch.setenv("MAINSPRING_REST_ERROR_FORMAT", "loopback")
    monkeypatch.setenv("MAINSPRING_LOGGING", "json")
    assert load_config(first, Path(second)) == {
        "name": "a",
        "list": [2],
        "rest": {
            "port": 3,
            "host": "h",
            "cors": {"max_age": 5, "origin": "*", "methods": ["GET"]},
            "error_format": "loopback",
        },
        "servers": {"admin": {"port": 4}},
        "logging": "json",
    }


def test_values_are_json_where_they_are_json(monkeypatch):
    """CORE-244"""
    for name, text in {"A_X": "true", "A_Y": "1.5", "A_Z": "text", "A_N": "null", "A_O": '{"k": 1}'}.items():
        monkeypatch.setenv(f"MY_{name}", text)
    assert load_config(prefix="MY_") == {"a": {"x": True, "y": 1.5, "z": "text", "n": None, "o": {"k": 1}}}


def test_keys_compare_without_case_and_dashes(file, monkeypatch):
    """CORE-244"""
    name = file("a.toml", '[Rest]\nerror-format = "x"\n[my_server]\nport = 1\n')
    other = file("b.json", {"rest": {"ERROR_FORMAT": "y"}})
    monkeypatch.setenv("MAINSPRING_MY_SERVER_PORT", "2")
    monkeypatch.setenv("MAINSPRING_MY_SERVER__HOST", "h")
    config = load_config(name, other)
    assert config == {"Rest": {"error-format": "y"}, "my_server": {"port": 2, "host": "h"}}
    assert config["rest"]["error_format"] == "y"
    assert config.get("REST") is config["Rest"]
    assert "rest" in config
    with pytest.raises(KeyError):
        config["absent"]


def test_a_missing_file_is_named_and_may_be_allowed(file, tmp_path):
    """CORE-245"""
    with pytest.raises(FileNotFoundError, match=r"absent\.toml"):
        load_config(tmp_path / "absent.toml")
    assert load_config(f"?{tmp_path}/absent.toml") == {}
    assert load_config(f"?{file('there.json', {'a': 1})}") == {"a": 1}


@pytest.mark.parametrize(
    ("name", "text"), [("bad.toml", "a = "), ("bad.json", "{"), ("bad.json", "[]"), ("a.yaml", "")]
)
def test_an_invalid_file_is_named(file, name, text):
    """CORE-245"""
    with pytest.raises(ConfigurationError, match=name.replace(".", r"\.")):
        load_config(file(name, text))


@dataclass
class Rest:
    port: Annotated[int, msgspec.Meta(ge=0)] = 0
    host: str = ""


class Mail(msgspec.Struct, rename="kebab"):
    api_token: int = 0
    retries: int = 1


class Extra(TypedDict, total=False):
    size: float


@dataclass
class Config:
    name: str
    rest: Rest = field(default_factory=Rest)
    mail: Mail | None = None
    extra: Extra = field(default_factory=Extra)
    servers: dict[str, Rest] = field(default_factory=dict)
    listed: list[Rest] = field(default_factory=list)
    folder: Path = Path()


def test_the_result_is_converted(file, monkeypatch):
    """CORE-245"""
    name = file("a.json", {"rest": {"PORT": 1}, "mail": {"api-token": 5}, "folder": "/x", "listed": [{"port": 1}]})
    monkeypatch.setenv("MAINSPRING_NAME", "12")
    monkeypatch.setenv("MAINSPRING_REST_HOST", "3")
    monkeypatch.setenv("MAINSPRING_EXTRA_SIZE", "2")
    monkeypatch.setenv("MAINSPRING_SERVERS_ADMIN__PORT", "7")
    config = load_config(name, into=Config)
    assert config == Config(
        name="12",
        rest=Rest(1, "3"),
        mail=Mail(5),
        extra={"size": 2.0},
        servers={"admin": Rest(7)},
        listed=[Rest(1)],
        folder=Path("/x"),
    )


def test_every_wrong_entry_is_told_at_once_with_its_place(file, monkeypatch):
    """CORE-245"""
    name = file(
        "a.json",
        {
            "rest": {"port": -1, "hots": "x"},
            "mail": {"api-token": "hunter2", "retries": "many"},
            "listed": [{"port": 1}, {"prot": 2}, {"port": "x"}],
            "bogus": 1,
        },
    )
    monkeypatch.setenv("MAINSPRING_SERVERS_ADMIN__PORT", "seven")
    with pytest.raises(ConfigurationError) as caught:
        load_config(name, into=Config)
    places = {(problem.path, problem.origin) for problem in caught.value.problems}
    assert places == {
        ("rest.port", name),
        ("rest.hots", name),
        ("mail.api-token", name),
        ("mail.retries", name),
        ("listed.1.prot", name),
        ("listed.2.port", name),
        ("bogus", name),
        ("servers.admin.port", "MAINSPRING_SERVERS_ADMIN__PORT"),
        ("name", ""),
    }
    text = str(caught.value)
    assert "hunter2" not in text
    assert "'many'" in text
    assert "'seven'" in text
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems
    assert isinstance(caught.value, ValueError)


def test_what_is_loaded_configures_an_application(file):
    """CORE-023, CORE-244"""
    config = load_config(file("a.toml", 'name = "loaded"\n[my]\nx = 1\n'), into=ApplicationConfig)
    app = Application(config)
    assert app.name == "loaded"
    assert app.get_sync("application.config#my.x") == 1
