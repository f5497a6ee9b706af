"""``mainspring inspect``: the contexts and bindings of an application that is booted and not started."""

import json

APPLICATION = """
    from mainspring import BindingScope, RestApplication, rest

    class Clock: ...

    class GreetController:
        def __init__(self, clock: Clock) -> None:
            self.clock = clock

        @rest.get("/greet")
        def greet(self) -> str:
            return "hello"

    def make():
        app = RestApplication({"name": "greeter"})
        app.on_start(lambda: print("started"))
        app.service(Clock)
        app.bind("secret").to("do not show")
        app.controller(GreetController)
        return app
"""


def inspected(project, *arguments):
    project.write("things.py", APPLICATION)
    done = project.run("inspect", "things:make", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_contexts_and_bindings_are_listed_with_their_place(project):
    lines = inspected(project).splitlines()
    assert lines[0] == "greeter (application)"
    controller = next(line for line in lines if "controllers.GreetController" in line).split()
    assert controller[:3] == ["controllers.GreetController", "class", "transient"]
    assert controller[-1] == "things.py:6"
    assert any(line.endswith("(server)") for line in lines)
    assert not any("do not show" in line or line == "started" for line in lines)


def test_json_is_for_programs(project):
    contexts = json.loads(inspected(project, "--json"))
    assert [context["scope"] for context in contexts] == ["application", "server"]
    assert contexts[1]["parent"] == contexts[0]["name"] == "greeter"
    controller = contexts[0]["bindings"]["controllers.GreetController"]
    assert controller["class"] == "GreetController"
    assert controller["injections"]["constructor_arguments"][0]["type"] == "Clock"
    assert controller["declared"] == "things.py:6"
    assert "do not show" not in json.dumps(contexts)


def test_a_plan_is_shown_as_it_runs(project):
    """CTX-627"""
    plan = inspected(project, "--plan", "controllers.GreetController")
    assert plan.startswith("def plan(c0):")
    assert "return v" in plan


def test_a_plan_of_nothing_names_the_nearest_keys(project):
    project.write("things.py", APPLICATION)
    done = project.run("inspect", "things:make", "--plan", "controllers.GreetControler")
    assert done.returncode == 1
    assert "controllers.GreetController" in done.stderr
