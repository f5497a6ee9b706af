"""``mainspring openapi``: the document of an application that is booted and not started."""

import json

import pytest
import yaml

APPLICATION = """
    from mainspring import RestApplication, rest
    from mainspring.core import Application
    from mainspring.rest import RestServer

    class GreetController:
        @rest.get("/greet/{name}")
        def greet(self, name: str) -> str:
            return name

    def one():
        app = RestApplication({"rest": {"port": 1}})
        app.on_start(lambda: print("started"))
        app.controller(GreetController)
        return app

    def two():
        app = one()
        app.server(RestServer, "admin")
        return app

    def none():
        return Application()
"""


@pytest.fixture
def things(project):
    project.write("things.py", APPLICATION)
    return project


def test_the_document_goes_to_standard_output(things):
    """OAS-038: nothing is started, and nothing else is printed."""
    done = things.run("openapi", "things:one")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert list(document["paths"]) == ["/greet/{name}"]
    assert document["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    ("name", "read"), [("api.yaml", yaml.safe_load), ("api.yml", yaml.safe_load), ("api.json", json.loads)]
)
def test_or_to_a_file_in_the_format_of_its_name(things, name, read):
    """OAS-038"""
    shown = json.loads(things.run("openapi", "things:one").stdout)
    done = things.run("openapi", "things:one", "-o", name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    text = (things.root / name).read_text(encoding="utf-8")
    assert read(text) == shown
    assert text.startswith("{") is (read is json.loads)


def test_of_several_servers_one_is_chosen(things):
    """OAS-038"""
    refused = things.run("openapi", "things:two")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "There are several REST servers: choose by --server RestServer or admin." in refused.stderr
    chosen = things.run("openapi", "things:two", "--server", "admin")
    assert (chosen.returncode, chosen.stderr) == (0, "")
    assert "paths" in json.loads(chosen.stdout)
    unknown = things.run("openapi", "things:two", "--server", "nobody")
    assert unknown.returncode == 2
    assert "No REST server is called 'nobody'" in unknown.stderr


def test_an_application_without_a_server_of_that_kind_is_told(things):
    """OAS-038"""
    done = things.run("openapi", "things:none")
    assert done.returncode == 1
    assert "it has no REST server" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_cannot_be_written_is_one_line(things):
    """OAS-038"""
    done = things.run("openapi", "things:one", "-o", "nowhere/api.json")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "nowhere" in done.stderr
