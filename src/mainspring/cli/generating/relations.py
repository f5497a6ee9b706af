"""Relations between models: what both models, their repositories and a controller say of one."""

from collections.abc import Mapping
from pathlib import Path

from mainspring.cli.errors import UsageFailure
from mainspring.cli.generating.artifacts import render, words_of
from mainspring.cli.generating.models import StoredModel, datasource_of, edited, read_model, repository_of
from mainspring.cli.generating.names import Name
from mainspring.cli.generating.project import Project

__all__ = ["RELATIONS", "relation_files"]

#: By kind: how the repository makes what leads to the related ones.
RELATIONS: Mapping[str, str] = {
    "has-many": "create_has_many_repository_factory_for",
    "has-one": "create_has_one_repository_factory_for",
    "belongs-to": "create_belongs_to_accessor_for",
}


def relation_files(project: Project, source: str, kind: str, target: str, name: str | None) -> dict[Path, str]:
    """The files of a relation: both models, the repository of the source, a controller and its test.

    Args:
        project: Where.
        source: The model that has it.
        kind: A name in `RELATIONS`.
        target: The related model.
        name: The name of the relation; made from the target without it.

    Raises:
        UsageFailure: A model or repository is not there, or has such a relation already.
    """
    return _Relation(project, read_model(project, source), kind, read_model(project, target), name).files()


class _Relation:
    """One relation while its files are put together."""

    def __init__(self, project: Project, source: StoredModel, kind: str, target: StoredModel, name: str | None) -> None:
        self.project, self.source, self.kind, self.target = project, source, kind, target
        self.name = name or (target.name.plural if kind == "has-many" else target.name.snake)
        self.made: dict[Path, str] = {}

    def files(self) -> dict[Path, str]:
        """What is to be written."""
        if self.kind == "belongs-to":
            key = f"{self.name}_id"
            if edited(self.source.path, self.made).class_has(self.source.name.base, key):
                raise self._taken(self.source, key)
            self._add_key(self.source, self.target, self.name)
        else:
            self._add_key(self.target, self.source, self.source.name.snake)
            self._add_related()
        self._add_to_repository()
        return {**self.made, **_controller(self.project, self.source, self.target, self.kind, self.name)}

    def _taken(self, model: StoredModel, name: str) -> UsageFailure:
        return UsageFailure(f"{model.name.base} has {name!r} already: see {model.path}, or give another --name.")

    def _add_key(self, model: StoredModel, owner: StoredModel, name: str) -> None:
        """The property that holds the id of the owner, unless it is there."""
        text = edited(model.path, self.made)
        key = f"{name}_id"
        if text.class_has(model.name.base, key):
            return
        text.add_import("mainspring", "belongs_to")
        said = f'".{owner.name.module}:{owner.name.base}"'
        named = "" if name == owner.name.snake else f', name="{name}"'
        text.add_to_class(model.name.base, f"{key}: {owner.id_type} | None = belongs_to({said}{named})")
        self.made[model.path] = text.text

    def _add_related(self) -> None:
        """The property that the related ones are included as."""
        source, base = self.source, self.target.name.base
        text = edited(source.path, self.made)
        if text.class_has(source.name.base, self.name):
            raise self._taken(source, self.name)
        function = self.kind.replace("-", "_")
        text.add_import("mainspring" if self.kind == "has-many" else "mainspring.repository", function)
        if f"import {source.name.base}" in edited(self.target.path, self.made).text:
            # The target imports this model: naming it in return would be a circle.
            text.add_import("typing", "Any")
            related, said = "Any", f'".{self.target.name.module}:{base}"'
        else:
            text.add_import(self.project.module("models", self.target.name.module), base)
            related, said = base, f"lambda: {base}"
        annotation = f"list[{related}]" if self.kind == "has-many" else f"{related} | None"
        text.add_to_class(source.name.base, f"{self.name}: {annotation} = {function}({said})")
        self.made[source.path] = text.text

    def _add_to_repository(self) -> None:
        """What leads from one to its related ones."""
        path = repository_of(self.project, self.source)
        repository_of(self.project, self.target)
        text = edited(path, self.made)
        cls, other, name = f"{self.source.name.base}Repository", f"{self.target.name.base}Repository", self.name
        if f"self.{name} = " in text.text:
            raise UsageFailure(f"{cls} has {name!r} already: see {path}, or give another --name.")
        text.add_import("mainspring", "Getter")
        text.add_import("mainspring.repository", "repository")
        if self.kind == "belongs-to":  # by name: the two may need each other
            text.add_import("typing", "Any")
            getter = f'Annotated[Getter[Any], repository.getter("{other}")]'
        else:
            text.add_import(self.project.module("repositories", f"{self.target.name.snake}_repository"), other)
            getter = f"Annotated[Getter[{other}], repository.getter({other})]"
        text.add_parameter(cls, f"{name}: {getter}")
        text.add_to_init(
            cls,
            f'self.{name} = self.{RELATIONS[self.kind]}("{name}", {name})',
            f'self.register_inclusion_resolver("{name}", self.{name}.inclusion_resolver)',
        )
        self.made[path] = text.text


def _controller(
    project: Project, source: StoredModel, target: StoredModel, kind: str, relation: str
) -> dict[Path, str]:
    name = Name(f"{source.name.base}{Name(relation).base}", "Controller")
    target_name = target.name
    words = words_of(project, name, "controllers") | {
        "source": source.name.base,
        "source_words": source.name.words,
        "source_snake": source.name.snake,
        "sources": source.name.plural,
        "source_path": source.name.path,
        "source_id": source.id_type,
        "source_id_name": source.id_name,
        "source_example": source.example,
        "target": target_name.base,
        "target_words": target_name.words,
        "target_several": target_name.several,
        "target_snake": target_name.snake,
        "target_id": target.id_name,
        "target_example": target.example,
        "target_path": target_name.path,
        "relation": relation,
        "relation_path": relation.replace("_", "-"),
        "source_module": project.module("models", source.name.module),
        "target_module": project.module("models", target_name.module),
        "repository_module": project.module("repositories", f"{source.name.snake}_repository"),
        "datasource": datasource_of(repository_of(project, source)),
    }
    template = kind.replace("-", "_")
    return {
        project.artifact("controllers", name.module): render(template, "artifact", words),
        project.test(name.module): render(template, "test", words),
    }
