"""Declarations for ready-made APIs of models, and the booters of rooms above."""

import sys
import types

import pytest

import mainspring.boot as room
from mainspring.boot import (
    MODEL_API_BUILDER_PLUGINS,
    ModelApiBuilder,
    ModelApiConfig,
    as_model_api_builder,
    catalogue,
)
from mainspring.core import (
    Application,
    CoreTags,
    add_extension,
    config,
    create_binding_from_class,
    extension_filter,
    injectable,
)


@injectable(as_model_api_builder)
class Builder:
    pattern = "Nothing"

    async def build(self, app, model_class, config): ...


def test_a_builder_is_an_extension():
    """BOOT-215, BOOT-211"""
    assert MODEL_API_BUILDER_PLUGINS == "model-api-builders"
    binding = create_binding_from_class(Builder)
    assert binding.key == "model-api-builders.Builder"
    assert binding.tag_map[CoreTags.EXTENSION_FOR] == MODEL_API_BUILDER_PLUGINS
    app = Application()
    add_extension(app, MODEL_API_BUILDER_PLUGINS, Builder)
    assert len(app.find(extension_filter(MODEL_API_BUILDER_PLUGINS))) == 1
    assert isinstance(Builder(), ModelApiBuilder)


def test_a_declaration_is_a_mapping_with_attributes():
    """BOOT-210"""
    declared = ModelApiConfig(model=int, pattern="CrudRest", datasource="db", base_path="/x")
    assert (declared.model, declared["pattern"], declared.base_path) == (int, "CrudRest", "/x")
    with pytest.raises(AttributeError, match="nothing"):
        _ = declared.nothing


def test_the_room_offers_the_booters_of_others_by_name(monkeypatch):
    """BOOT-041, API section 3: names without importing what is not used."""
    module = types.ModuleType("a_room.booter")
    module.ModelBooter = type("ModelBooter", (), {})
    monkeypatch.setitem(sys.modules, "a_room", types.ModuleType("a_room"))
    monkeypatch.setitem(sys.modules, "a_room.booter", module)
    monkeypatch.setitem(catalogue.ELSEWHERE, "ModelBooter", "a_room.booter:ModelBooter")
    assert room.ModelBooter is module.ModelBooter
    with pytest.raises(AttributeError, match="NoSuchBooter"):
        _ = room.NoSuchBooter


@pytest.fixture
def elsewhere(monkeypatch):
    """Says where the model-API booter is."""

    def say(target):
        monkeypatch.setitem(catalogue.ELSEWHERE, "ModelApiBooter", target)

    return say


async def test_a_room_that_is_not_there_has_no_booter(project, elsewhere):
    """BOOT-041"""
    elsewhere("mainspring.no_such_room.booter:ModelApiBooter")
    project.write("model_endpoints/todo_config.py", "config = {}\n")
    app = project.app()
    await app.boot()
    assert app.state == "booted"


async def test_a_room_that_fails_to_import_is_an_error(project, elsewhere, tmp_path, monkeypatch):
    """BOOT-041"""
    (tmp_path / "broken_room_of_a_test.py").write_text("import no_such_driver_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    elsewhere("broken_room_of_a_test:ModelApiBooter")
    await project.app().boot()
    project.write("model_endpoints/todo_config.py")
    app = project.app()
    with pytest.raises(ModuleNotFoundError, match="no_such_driver_at_all"):
        await app.boot()
    assert app.state == "created"


async def test_a_late_booter_is_made_like_any_other(project, elsewhere, monkeypatch):
    """BOOT-041, BOOT-066, BOOT-171"""
    seen = []

    @room.booter("model_api")
    class ModelApiBooter:
        def __init__(self, app: Application, options: dict = config()) -> None:
            seen.append((app, options))

        def load(self):
            seen.append("load")

    module = types.ModuleType("late_room_of_a_test")
    module.ModelApiBooter = ModelApiBooter
    monkeypatch.setitem(sys.modules, "late_room_of_a_test", module)
    elsewhere("late_room_of_a_test:ModelApiBooter")
    await project.app().boot()
    assert seen == []
    project.write("apis/todo_config.py")
    app = project.app(model_api={"dirs": "apis"})
    await app.boot()
    assert seen == [(app, {"dirs": "apis"}), "load"]
