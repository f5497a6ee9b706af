"""``mainspring inspect``: the contexts and bindings of an application that is booted and not started."""

import json
import re

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


def test_contexts_are_a_tree(project):
    server = next(line for line in inspected(project).splitlines() if line.endswith("(server)"))
    assert server.startswith("  RestServer-")


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


QUARRELSOME = """
    from mainspring import RestApplication, inject, rest
    from mainspring.core import Application

    class Clock: ...

    class Needs:
        late = inject.getter("od\\\\d \\"key\\" {x} -> [y];")

        def __init__(self, clock: Clock, absent: object = inject("absent")) -> None: ...

    def make():
        above = Application({"name": "ab\\\\ove \\"it\\""})
        above.service(Clock)
        app = RestApplication({"name": "below"}, above)
        app.bind("od\\\\d \\"key\\" {x} -> [y];").to(1)
        app.bind("other").to_alias("od\\\\d \\"key\\" {x} -> [y];")
        app.service(Needs)
        return app
"""

TOKENS = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|(->|[{}\[\];=,])|([A-Za-z_][A-Za-z_0-9]*))')


class Drawing:
    """Reads the part of the language of Graphviz that is written here, and nothing beside it."""

    def __init__(self, text):
        self.tokens, place = [], 0
        while place < len(text.rstrip()):
            found = TOKENS.match(text, place)
            assert found, f"no token: {text[place : place + 30]!r}"
            self.tokens.append(found[0].strip())
            place = found.end()
        self.clusters, self.nodes, self.edges = {}, {}, {}
        self.take("digraph")
        self.name = self.identifier()
        self.block(None)
        assert self.tokens == []

    def take(self, *wanted):
        token = self.tokens.pop(0)
        assert token in wanted, f"{token} instead of {wanted}"
        return token

    def identifier(self):
        token = self.tokens.pop(0)
        if token.startswith('"'):
            return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], token[1:-1])
        assert token[0].isalpha(), token
        return token

    def attributes(self):
        found = {}
        self.take("[")
        while True:
            name = self.identifier()
            self.take("=")
            found[name] = self.identifier()
            if self.take(",", "]") == "]":
                return found

    def block(self, cluster):
        self.take("{")
        while self.tokens[0] != "}":
            if self.tokens[0] == "subgraph":
                self.take("subgraph")
                name = self.identifier()
                self.clusters[name] = {"in": cluster}
                self.block(name)
                continue
            self.statement(cluster)
            self.take(";")
        self.take("}")

    def statement(self, cluster):
        name = self.identifier()
        if self.tokens[0] == "=":
            self.take("=")
            value = self.identifier()
            if cluster is not None:
                self.clusters[cluster][name] = value
        elif self.tokens[0] == "->":
            self.take("->")
            head = self.identifier()
            self.edges[name, head] = self.attributes()
        else:
            self.nodes[name] = {"in": cluster, **self.attributes()}


def test_a_drawing_shows_contexts_bindings_and_who_injects_whom(project):
    project.write("things.py", QUARRELSOME)
    done = project.run("inspect", "things:make", "--dot")
    assert (done.returncode, done.stderr) == (0, "")
    drawn = Drawing(done.stdout)
    above, app, server = drawn.clusters
    assert drawn.clusters[above] == {"in": None, "label": 'ab\\ove "it" (application)'}
    assert drawn.clusters[app] == {"in": above, "label": "below (application)"}
    assert drawn.clusters[server]["in"] == app
    odd = '1/od\\d "key" {x} -> [y];'
    assert drawn.nodes[odd]["in"] == app
    assert drawn.nodes[odd]["label"] == 'od\\d "key" {x} -> [y];\nconstant, transient'
    assert drawn.nodes["1/services.Needs"]["tooltip"] == "things.py:7"
    assert drawn.edges["1/services.Needs", "0/services.Clock"] == {"label": "Needs.__init__[clock]", "style": "solid"}
    assert drawn.edges["1/services.Needs", odd] == {"label": "Needs.late", "style": "dotted"}
    assert drawn.edges["1/other", odd] == {"label": "", "style": "dashed"}
    assert {end for edge in drawn.edges for end in edge} <= set(drawn.nodes)


def test_constants_and_aliases_are_declared_where_they_are_bound(project):
    project.write("things.py", QUARRELSOME)
    contexts = json.loads(project.run("inspect", "things:make", "--json").stdout)
    bindings = contexts[1]["bindings"]
    assert bindings["other"]["declared"] == "things.py:17"
    assert bindings['od\\d "key" {x} -> [y];']["declared"] == "things.py:16"
    assert contexts[0]["bindings"]["application.instance"]["declared"] == "things.py:13"


def test_one_form_at_a_time(project):
    project.write("things.py", QUARRELSOME)
    done = project.run("inspect", "things:make", "--dot", "--json")
    assert done.returncode == 2
    assert "--dot" in done.stderr
