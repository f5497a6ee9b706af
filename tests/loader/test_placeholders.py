"""Placeholders in settings."""

from typing import Any, ClassVar

import pytest

from mainspring.loader import PlaceholderError, ServerLoader


def settings(**given: Any) -> Any:
    return ServerLoader(given).get_settings()


def test_placeholders_are_replaced_in_any_text_at_any_depth() -> None:
    """LOAD-062: by settings with dotted paths, defaults included, in lists and mappings, both spellings."""
    found = settings(
        mail={"host": "h", "url": "smtp://${mail.host}:${mail.port}", "port": 25},
        deep=[{"a": ["${version}-${env}"]}, ("${upload_dir}",)],
        root_dir="/srv",
        both="${root_dir}=${rootDir}=${uploadDir}",
    )
    assert found["mail"]["url"] == "smtp://h:25"
    assert found["deep"] == [{"a": ["1.0.0-development"]}, ("/srv/uploads",)]
    assert found["both"] == "/srv=/srv=/srv/uploads"


def test_placeholders_come_from_the_environment_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """LOAD-062: a setting first, then a variable; env: means the variable only."""
    monkeypatch.setenv("SOME_HOST", "from env")
    monkeypatch.setenv("version", "from env")
    found = settings(a="${SOME_HOST}", b="${version}", c="${env:version}")
    assert (found["a"], found["b"], found["c"]) == ("from env", "1.0.0", "from env")


def test_placeholders_in_a_variable_are_replaced_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """LOAD-064: a variable may name others and settings; a cycle is shown."""
    monkeypatch.setenv("BASE", "${INNER}/${version}")
    monkeypatch.setenv("INNER", "in")
    monkeypatch.setenv("RING", "${env:RING}")
    found = settings(a="${BASE}", b="${env:BASE}", c="${RING}")
    assert (found["a"], found["b"]) == ("in/1.0.0", "in/1.0.0")
    with pytest.raises(PlaceholderError, match="env:RING -> env:RING"):
        found["c"]


def test_what_is_no_placeholder_is_plain_text() -> None:
    """LOAD-063: an escaped one, and what other tools write."""
    found = settings(a="$${x}", b="{{x}} <x> $ $x 5$", c="a $${version} ${version}")
    assert (found["a"], found["b"], found["c"]) == ("${x}", "{{x}} <x> $ $x 5$", "a ${version} 1.0.0")


async def test_an_unknown_placeholder_is_an_error_where_it_is_read_at_the_latest_at_the_start() -> None:
    """LOAD-063: it names placeholder and setting."""
    server = ServerLoader({"own": {"a": "${mail.hots}"}, "http_port": False})
    with pytest.raises(PlaceholderError, match=r"\$\{mail\.hots\}.*'own'"):
        server.get_settings()["own"]
    with pytest.raises(PlaceholderError, match=r"\$\{mail\.hots\}.*'own'"):
        await server.start()


async def test_what_a_placeholder_names_may_come_in_on_init_or_with_a_component() -> None:
    """LOAD-015, LOAD-056, LOAD-063: settings of both count before anything is refused."""

    class Mail:
        settings: ClassVar = {"mail": {"port": 25}}

    class Server(ServerLoader):
        def on_init(self) -> None:
            self.set("host", "h")

    given = {"own": "${host}:${mail.port}", "components": [Mail], "mount": {}, "scan": [], "http_port": False}
    async with Server(given) as server:
        assert server.get_settings().own == "h:25"


def test_a_text_that_is_nothing_but_a_placeholder_takes_the_value_with_its_type() -> None:
    """LOAD-064: numbers, lists, mappings; placeholders in what comes are replaced too."""
    found = settings(limits={"max": 5, "all": [1, "${limits.max}"]}, a="${limits.max}", b="${limits.all}", c="${b}")
    assert (found["a"], found["b"], found["c"]) == (5, [1, 5], [1, 5])


def test_a_cycle_of_placeholders_is_shown() -> None:
    """LOAD-064: the way round."""
    found = settings(a="x ${b}", b="${c.d}", c={"d": "${a}"})
    with pytest.raises(PlaceholderError, match=r"a -> b -> c\.d -> a"):
        found["a"]
    with pytest.raises(PlaceholderError, match="leads back to itself"):
        settings(root_dir="${root_dir}/x").root_dir  # noqa: B018 - reading is what is refused


def test_set_values_may_have_placeholders_and_are_checked_when_read() -> None:
    """LOAD-062: a port given by a placeholder."""
    server = ServerLoader({"ports": {"http": 81}, "http_port": "${ports.http}"})
    assert server.get_settings().port("http_port") == (None, 81)
    server.set("ports.http", "none")
    with pytest.raises(ValueError, match="http_port"):
        server.get_settings().port("http_port")
