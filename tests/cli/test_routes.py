"""``mainspring routes``: the operations of an application that is booted and not started."""

import json

APPLICATION = """
    from mainspring import RestApplication, rest
    from mainspring.rest import RestServer

    class GreetController:
        @rest.get("/greet/{name}")
        def greet(self, name: str) -> str:
            return name

        @rest.delete("/greet/{name}")
        def forget(self, name: str) -> None: ...

    def ping():
        return "pong"

    def one():
        app = RestApplication({"rest": {"base_path": "/api"}})
        app.on_start(lambda: print("started"))
        app.controller(GreetController)
        app.route("get", "/ping", None, ping)
        return app

    def two():
        app = one()
        app.server(RestServer, "admin")
        return app

    def none():
        return RestApplication()
"""


def listed(project, *arguments):
    project.write("things.py", APPLICATION)
    done = project.run("routes", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_verb_path_and_handler_are_listed_in_order(project):
    assert listed(project, "things:one").splitlines() == [
        "GET     /api/greet/{name}  GreetController.greet",
        "DELETE  /api/greet/{name}  GreetController.forget",
        "GET     /api/ping          ping",
    ]


def test_several_servers_are_named(project):
    lines = listed(project, "things:two").splitlines()
    assert "GET     /api/ping          ping                    servers.RestServer" in lines
    assert any(line.endswith("GreetController.greet   servers.admin") for line in lines)


def test_json_is_for_programs(project):
    routes = json.loads(listed(project, "things:one", "--json"))
    assert routes[0] == {
        "server": "servers.RestServer",
        "verb": "GET",
        "path": "/api/greet/{name}",
        "handler": "GreetController.greet",
    }


def test_nothing_to_list_is_said(project):
    assert "no operations" in listed(project, "things:none")
    assert json.loads(listed(project, "things:none", "--json")) == []


def test_what_boot_finds_is_listed(project):
    project.write(
        "app.py",
        """
        from mainspring import BootMixin, RestApplication

        class App(BootMixin, RestApplication): ...
        """,
    )
    project.write(
        "controllers/ping_controller.py",
        """
        from mainspring import rest

        class PingController:
            @rest.get("/ping")
            def ping(self) -> str:
                return "pong"
        """,
    )
    assert project.run("routes").stdout == "GET  /ping  PingController.ping\n"


def test_a_broken_controller_is_named_by_file_and_line(project):
    project.write(
        "app.py", "from mainspring import BootMixin, RestApplication\nclass App(BootMixin, RestApplication): ...\n"
    )
    project.write("controllers/ping_controller.py", "\n\nthis is no Python\n")
    done = project.run("routes")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "ping_controller.py" in done.stderr
    assert "SyntaxError" in done.stderr
    assert "line 3" in done.stderr or ":3" in done.stderr
