"""Settings: where they come from, what wins, how they are read, and what is refused."""

import os
from pathlib import Path
from typing import Annotated, Any

import pytest

from mainspring.core import BindingScope, Component, inject
from mainspring.loader import ServerLoader, ServerSettings, server_settings
from mainspring.loader.errors import LoaderSettingError, SettingTypeError

OFF: dict[str, Any] = {"http_port": False, "mount": {}, "scan": []}


def test_later_layers_win_as_a_whole_and_mount_is_merged_by_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """LOAD-056: defaults, bases, class, constructor, environment, set."""

    @server_settings(mail={"host": "a", "port": 1}, version="base", mount={"/a": "base/*.py", "/b": "base/*.py"})
    class Base(ServerLoader):
        pass

    @server_settings(mail={"host": "b"}, mount={"b/": "own/*.py", "/c": []}, env="class")
    class Server(Base):
        pass

    settings = Server({"env": "constructor", "upload_dir": "/up"}).get_settings()
    assert settings["mail"] == {"host": "b"}
    assert settings["mount"] == {"/a": "base/*.py", "/b": "own/*.py", "/c": []}
    assert (settings["version"], settings["env"], settings["debug"]) == ("base", "constructor", False)

    monkeypatch.setenv("MAINSPRING_UPLOAD_DIR", "/env")
    monkeypatch.setenv("MAINSPRING_MAIL__PORT", "25")
    server = Server({"upload_dir": "/up"})
    assert server.get_settings()["upload_dir"] == "/env"
    assert server.get_settings()["mail"] == {"host": "b", "port": 25}
    assert server.set("upload_dir", "/set").get_settings()["upload_dir"] == "/set"


def test_the_environment_is_converted_to_the_type_of_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """LOAD-056, LOAD-071: text becomes what the setting is, or an error that names the variable."""
    monkeypatch.setenv("MAINSPRING_DEBUG", "yes")
    monkeypatch.setenv("MAINSPRING_HTTP_PORT", "81")
    monkeypatch.setenv("MAINSPRING_ENV", "staging")
    settings = ServerLoader().get_settings()
    assert (settings.debug, settings.http_port, settings.env) == (True, 81, "staging")
    assert ServerLoader({"env": "test"}).get_settings().env == "test"
    monkeypatch.setenv("MAINSPRING_DEBUG", "perhaps")
    with pytest.raises(ValueError, match="MAINSPRING_DEBUG"):
        ServerLoader().get_settings()["debug"]


def test_settings_are_only_for_servers_and_unknown_ones_are_kept() -> None:
    """LOAD-055: on anything else it is a TypeError."""

    class Other:
        pass

    with pytest.raises(TypeError, match="Other"):
        server_settings(env="x")(Other)

    @server_settings(own={"a": [1]})
    class Server(ServerLoader):
        pass

    assert Server().get_settings().own == {"a": [1]}


def test_what_decorators_say_is_never_changed_by_an_instance() -> None:
    """LOAD-057: neither by set nor by changing what was read, nested values included."""
    given = {"a": {"b": [1]}}

    @server_settings(own=given)
    class Server(ServerLoader):
        pass

    class Sub(Server):
        pass

    one, other = Server(), Sub()
    one.set("own.a.b", [2])
    other.get_settings()["own"]["a"]["b"].append(3)
    given["a"]["b"].append(4)
    assert one.get_settings()["own"] == {"a": {"b": [2]}}
    assert other.get_settings()["own"]["a"]["b"] == [1]
    assert Server().get_settings()["own"]["a"]["b"] in ([1], [1, 4])


def test_settings_are_read_by_key_attribute_and_path() -> None:
    """LOAD-058, LOAD-059: what is empty is a value, what is absent is an error that names it."""
    server = ServerLoader({"zero": 0, "no": False, "empty": "", "none": None, "logger": {"level": "info"}})
    settings = server.get_settings()
    for key, value in {"zero": 0, "no": False, "empty": "", "none": None}.items():
        assert settings[key] is value or settings[key] == value
        assert settings.get(key, "default") == value
        assert key in settings
    assert settings.get("logger.level", "x") == "info"
    assert settings.get("logger.absent", "x") == "x"
    assert settings.get("absent.deep") is None
    with pytest.raises(KeyError, match="absent"):
        settings["absent"]
    with pytest.raises(AttributeError, match="absent"):
        settings.absent  # noqa: B018 - reading is what is refused
    settings.set("a.b.c", 1)
    assert settings["a"] == {"b": {"c": 1}}
    assert server.set({"a.b.d": 2, "env": "x"}) is server
    assert (settings.get("a.b"), settings.env) == ({"c": 1, "d": 2}, "x")
    assert {"a", "env", "mount"} <= set(settings)


async def test_settings_are_injected() -> None:
    """LOAD-059, LOAD-060: all of them by type, one by its path, read when it is asked for."""

    class Reader:
        def __init__(
            self,
            settings: ServerSettings,
            host: Annotated[str, inject("loader.settings#mail.host")],
            absent: Annotated[str | None, inject("loader.settings#mail.absent", optional=True)],
        ) -> None:
            self.settings, self.host, self.absent = settings, host, absent

    server = ServerLoader({"mail": {"host": "a"}})
    server.bind("reader").to_class(Reader).in_scope(BindingScope.TRANSIENT)
    reader = server.get_sync("reader")
    assert (reader.settings, reader.host, reader.absent) == (server.get_settings(), "a", None)
    server.set("mail.host", "b")
    assert reader.settings.get("mail.host") == "b"
    assert server.get_sync("reader").host == "b"


def test_the_rest_section_stands_below_what_means_the_same() -> None:
    """LOAD-061, LOAD-067: rest.port is the default of http_port."""
    assert ServerLoader().get_settings().http_port == 8080
    assert ServerLoader({"rest": {"port": 81}}).get_settings().http_port == 81
    assert ServerLoader({"rest": {"port": 81}, "port": 82}).get_settings().http_port == 82


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("http_port", True),
        ("http_port", 1.5),
        ("http_port", [80]),
        ("mount", "a/*.py"),
        ("mount", {1: "a/*.py"}),
        ("scan", 1),
        ("scan", [1]),
        ("exclude", [1]),
        ("components", ["Component"]),
        ("accept_mimes", "application/json"),
        ("accept_mimes", [1]),
        ("statics", ["./public"]),
        ("statics", {"/": 1}),
        ("statics", {"/": {"index": None}}),
        ("statics", {1: "./public"}),
        ("debug", "yes"),
        ("strict", 1),
        ("env", 1),
        ("logger", "info"),
        ("logger", {"level": 1}),
        ("logger", {"log_request": "no"}),
        ("logger", {"request_fields": "url"}),
        ("logger", {"ignore_url_patterns": [1]}),
        ("logger", {"req_id_builder": "id"}),
        ("scopes", ["service"]),
        ("scopes", {"service": 1}),
        ("routers", {"strict": "yes"}),
        ("views", {"root": 1}),
        ("views", {"engine": 1}),
        ("root_dir", 1),
        ("https_options", "cert.pem"),
        ("start_timeout", "soon"),
        ("error_handler", int),
        ("error_handler", "handler"),
    ],
)
def test_a_value_of_a_wrong_type_is_a_type_error_that_names_the_key(key: str, value: Any) -> None:
    """LOAD-067, LOAD-069, LOAD-071: when a server is made, whoever gave it, and by set."""
    with pytest.raises(SettingTypeError, match=key):
        ServerLoader({key: value})
    with pytest.raises(TypeError, match=key):
        ServerLoader().set(key, value)
    server: Any = server_settings(**{key: value})(type("Server", (ServerLoader,), {}))
    with pytest.raises(TypeError, match=key) as caught:
        server()
    assert caught.value.__notes__ == ["It stands in @server_settings of Server."]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("http_port", -1),
        ("http_port", 65536),
        ("https_port", "a:b"),
        ("port", 70000),
        ("http_port", "80a"),
        ("scopes", {"service": "for ever"}),
        ("scopes", {"servant": "singleton"}),
        ("logger", {"level": "loud"}),
        ("logger", {"ignore_url_patterns": ["("]}),
        ("logger", {"request_fields": ["reqId"]}),
        ("accept_mimes", ["json"]),
        ("start_timeout", 0),
        ("start_timeout", -1),
    ],
)
def test_an_impossible_value_is_a_value_error_that_names_the_key(key: str, value: Any) -> None:
    """LOAD-067, LOAD-072: at construction."""
    with pytest.raises(LoaderSettingError, match="http_port" if key == "port" else key):
        ServerLoader({key: value})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rootDir", "root_dir"),
        ("componentsScan", "scan"),
        ("httpPort", "http_port"),
        ("httpsPort", "https_port"),
        ("httpsOptions", "https_options"),
        ("acceptMimes", "accept_mimes"),
        ("serveStatic", "statics"),
        ("serveStatics", "statics"),
        ("uploadDir", "upload_dir"),
        ("logRequestFields", "logger.request_fields"),
        ("startTimeout", "start_timeout"),
        ("errorHandler", "error_handler"),
    ],
)
def test_a_setting_under_its_old_name_is_refused_with_the_new_one(old: str, new: str) -> None:
    """LOAD-054: by decorator and at construction."""
    with pytest.raises(TypeError, match=f"'{old}' is called '{new}'"):
        server_settings(**{old: "x"})(type("Server", (ServerLoader,), {}))
    with pytest.raises(TypeError, match=f"'{old}' is called '{new}'"):
        ServerLoader({old: "x"})


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [
        (8080, {"REST_PORT": "81"}, (None, 81)),
        ("10.0.0.1:8080", {"REST_PORT": "81"}, (None, 81)),
        ("10.0.0.1:8080", {"REST_HOST": "::1"}, (None, 8080)),
        (8080, {"REST_PORT": "81", "HTTP_PORT": "82"}, (None, 82)),
        ("${port}", {"REST_PORT": "81"}, (None, 81)),
        (False, {"REST_PORT": "81"}, None),
    ],
)
def test_where_the_environment_wants_a_server_to_listen(
    monkeypatch: pytest.MonkeyPatch, given: Any, environment: dict[str, str], expected: Any
) -> None:
    """LOAD-056, CORE-027: rest.host and rest.port too: what HOST and PORT stand for under run and serve."""
    for name, value in environment.items():
        monkeypatch.setenv(f"MAINSPRING_{name}", value)
    server = server_settings(http_port=given)(type("Server", (ServerLoader,), {}))()
    assert server.get_settings().port("http_port") == expected
    server.set("http_port", 83)
    assert server.get_settings().port("http_port") == (None, 83)


@pytest.mark.parametrize(
    ("name", "value"), [("REST_PORT", "high"), ("HTTP_PORT", "high"), ("STATICS", "5"), ("LOGGER__LEVEL", "loud")]
)
def test_a_variable_that_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """CORE-027, LOAD-056"""
    monkeypatch.setenv(f"MAINSPRING_{name}", value)
    server: Any = server_settings(http_port=1)(type("Server", (ServerLoader,), {}))
    with pytest.raises(ValueError, match=f"MAINSPRING_{name}"):
        server().get_settings()["http_port"]


def test_a_key_of_the_log_under_its_old_name_is_refused_with_the_new_one() -> None:
    """LOAD-054, LOAD-158"""
    with pytest.raises(TypeError, match=r"'logger\.logRequest' is called 'log_request'"):
        ServerLoader({"logger": {"logRequest": False}})


def test_values_that_are_placeholders_are_checked_when_they_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """LOAD-062, LOAD-067: inside of mappings and lists as well."""
    given = {
        "logger": {"level": "${LEVEL}", "log_request": "${quiet}", "ignore_url_patterns": ["${(}"]},
        "scopes": {"service": "${SCOPE}"},
        "accept_mimes": ["${TYPE}"],
    }
    settings = ServerLoader(given).get_settings()
    monkeypatch.setenv("LEVEL", "loud")
    assert settings.get("logger.level") == "loud"


def test_settings_of_a_program_keep_their_spelling() -> None:
    """LOAD-055, LOAD-058, LOAD-062: what is given as myKey is read as myKey, also inside of other settings."""
    settings = ServerLoader({"myKey": 1, "mailBox": {"sizeMax": 5}, "a": "${myKey}${mailBox.sizeMax}"}).get_settings()
    assert (settings["myKey"], settings.myKey, settings.get("mailBox.sizeMax"), settings.a) == (1, 1, 5, "15")
    settings.set("mailBox.sizeMax", 6)
    assert (settings.mailBox, settings.a) == ({"sizeMax": 6}, "16")
    assert "myKey" in settings


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, (None, 0)),
        (80, (None, 80)),
        ("81", (None, 81)),
        ("localhost:82", ("localhost", 82)),
        ("[::1]:83", ("::1", 83)),
        (False, None),
        (None, None),
    ],
)
def test_ports_are_read_in_every_form(value: Any, expected: Any) -> None:
    """LOAD-067: numbers, texts, with a host, and off."""
    settings = ServerLoader({"http_port": value, "https_port": value}).get_settings()
    assert settings.port("http_port") == expected
    assert settings.port("https_port") == expected


def test_other_names_and_defaults() -> None:
    """LOAD-067, LOAD-069, LOAD-070, LOAD-071, LOAD-072: aliases mean the same, defaults are as documented."""
    settings = ServerLoader({"serve_static": {"/a": "b"}, "imports": [], "port": 1}).get_settings()
    assert (settings["statics"], settings["http_port"], settings["port"]) == ({"/a": "b"}, 1, 1)
    plain = ServerLoader().get_settings()
    root = plain.root_dir
    assert plain.mount == {"/rest": f"{root}/controllers/**/*.py"}
    assert plain.scan == [f"{root}/{each}/**/*.py" for each in ("services", "middlewares", "converters")]
    assert plain.exclude == ["**/test_*.py", "**/*_test.py", "**/conftest.py"]
    assert (plain.accept_mimes, plain.env, plain.version) == (["application/json"], "development", "1.0.0")
    assert (plain.strict, plain.upload_dir) == (False, f"{root}/uploads")
    assert plain.scopes == {"controller": "singleton", "service": "singleton", "middleware": "singleton"}
    assert plain["https_port"] is False
    assert ServerLoader({"https_options": {"cert_file": "a"}}).get_settings()["https_port"] == 8000


def test_the_root_is_the_folder_of_the_class_and_always_absolute(tmp_path: Path) -> None:
    """LOAD-065, LOAD-066, LOAD-010: relative roots are relative to it, relative paths to the root."""
    here = Path(__file__).parent

    class Server(ServerLoader):
        pass

    assert Server().get_settings().root_dir == str(here)
    assert Server({"root_dir": "../core"}).get_settings().root_dir == str(here.parent / "core")
    settings = Server({"root_dir": tmp_path}).get_settings()
    assert settings.root_dir == str(tmp_path)
    assert settings.path("a/b") == str(tmp_path / "a" / "b")
    assert settings.path("~/b") == os.path.expanduser("~/b")
    server = Server()
    server.project_root = tmp_path
    assert server.get_settings().root_dir == str(tmp_path)
    assert server.set("root_dir", here).project_root == str(here)
    nowhere = type("Server", (ServerLoader,), {"__module__": "nowhere.at.all"})
    assert nowhere().get_settings().root_dir == os.getcwd()


async def test_a_root_that_does_not_exist_fails_the_start(tmp_path: Path) -> None:
    """LOAD-066: the error names it."""
    with pytest.raises(ValueError, match=r"root_dir.*missing"):
        await ServerLoader({**OFF, "root_dir": str(tmp_path / "missing")}).start()


async def test_components_contribute_defaults() -> None:
    """LOAD-056, LOAD-167: below everything of the server's own; mounted by the start, not by the constructor."""
    made: list[int] = []

    class Mail(Component):
        settings = {"mail": {"host": "component"}, "version": "component"}  # noqa: RUF012 - as programs write it

        def __init__(self) -> None:
            made.append(1)

    @server_settings(version="class", components=[Mail])
    class Server(ServerLoader):
        pass

    server = Server(OFF)
    given = ServerLoader({**OFF, "components": [Mail]})
    assert made == []
    async with server, given:
        assert server.get_settings().get("mail.host") == "component"
        assert (server.get_settings().version, given.get_settings().version) == ("class", "component")
        assert made == [1, 1]
