"""Relations whose targets are of several models: a discriminator beside the key says which model a row is of.

The repositories of the models are given by the models' names, ``{"Letter": letters, "Parcel": lambda: parcels}``. For a
belongs-to relation the discriminator is a property of the source, for one through links a property of the link. Rows of
a has-one relation hold the key themselves: each model is asked for them, and a discriminator is written and compared
where their model, or the source's, has one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mainspring.repository.definitions import RelationDefinition, definition_of
from mainspring.repository.discriminators import discriminator_of
from mainspring.repository.errors import InvalidRelationError, ModelValidationError
from mainspring.repository.kinds import is_model_class
from mainspring.repository.relations.targets import LateRepository

__all__ = ["TargetKinds", "kinds_of"]


@dataclass(frozen=True, slots=True)
class TargetKinds:
    """The models that a relation leads to.

    Attributes:
        relation: The relation.
        discriminator: The property that names the model.
        repositories: The repository of each model, by its name.
    """

    relation: RelationDefinition
    discriminator: str
    repositories: Mapping[str, LateRepository]

    async def get(self, kind: Any) -> Any:
        """The repository of a model.

        Raises:
            ModelValidationError: None was said, or one that the relation does not lead to.
        """
        found = self.repositories.get(kind)
        if found is None:
            known = ", ".join(self.repositories)
            message = f"{self.relation.name} leads to several models: polymorphic_type is one of {known}, not {kind!r}"
            code = "required" if kind is None else "enum"
            error = {"path": f"/{self.discriminator}", "code": code, "message": message, "info": {}}
            raise ModelValidationError(definition_of(self.relation.source).name, [error])
        return await found.get()

    async def chosen(self, kind: Any) -> list[tuple[str, Any]]:
        """The repository of one model with its name, or those of all models."""
        names = list(self.repositories) if kind is None else [kind]
        return [(name, await self.get(name)) for name in names]

    def of_rows(self, rows: Iterable[Any]) -> dict[str, list[Any]]:
        """Rows by the model that their discriminator names; those that name none are left out."""
        found: dict[str, list[Any]] = {}
        for row in rows:
            kind = getattr(row, self.discriminator)
            if kind is not None:
                found.setdefault(kind, []).append(row)
        return found


def kinds_of(relation: RelationDefinition, given: Any) -> TargetKinds | None:
    """The target models of a polymorphic relation; ``None`` for another one.

    Raises:
        InvalidRelationError: The repositories are not given by the names of models.
    """
    discriminator = discriminator_of(relation)
    if discriminator is None:
        return None
    if not isinstance(given, Mapping) or not given:
        reason = "a polymorphic relation needs repositories by the names of their models, {'Letter': letters}"
        raise InvalidRelationError(reason, relation)
    named = {definition_of(key).name if is_model_class(key) else str(key): value for key, value in given.items()}
    return TargetKinds(relation, discriminator, {name: LateRepository(value) for name, value in named.items()})
