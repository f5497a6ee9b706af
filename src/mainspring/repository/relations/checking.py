"""Relations as they are needed to work: complete, of the right type, with keys that exist."""

from dataclasses import dataclass
from typing import Any

from mainspring.repository.definitions import ModelDefinition, RelationDefinition, ThroughDefinition, definition_of
from mainspring.repository.discriminators import discriminator_of
from mainspring.repository.errors import InvalidRelationError

__all__ = ["Checked", "CheckedThrough", "checked_relation", "checked_through", "relation_of"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A relation that can be used.

    Attributes:
        relation: The metadata.
        key_from: The property of the source.
        key_to: The property of the target.
    """

    relation: RelationDefinition
    key_from: str
    key_to: str


@dataclass(frozen=True, slots=True)
class CheckedThrough(Checked):
    """The same, through a linking model.

    Attributes:
        link_from: The property of the link that holds the source's key.
        link_to: The one that holds the target's key.
    """

    link_from: str
    link_to: str


def relation_of(definition: ModelDefinition, relation: Any) -> RelationDefinition:
    """The relation of a name; metadata are given back as they are.

    Raises:
        InvalidRelationError: The model has no such relation.
    """
    if isinstance(relation, RelationDefinition):
        return relation
    found = definition.relations.get(relation)
    if found is None:
        known = ", ".join(definition.relations) or "none"
        place = RelationDefinition(str(relation), "hasMany", None, source=definition.model)
        raise InvalidRelationError(f"there is no relation {relation!r}; the model has {known}", place)
    return found


def _begin(relation: RelationDefinition, *types: str) -> ModelDefinition:
    if relation.source is None:
        raise InvalidRelationError("source model must be defined", relation)
    if relation.type not in types:
        raise InvalidRelationError(f"relation type must be {' or '.join(types)}", relation)
    return definition_of(relation.target)


def checked_relation(relation: RelationDefinition, *types: str) -> Checked:
    """A relation whose keys exist.

    Raises:
        InvalidRelationError: Something is missing; it is named.
    """
    target = _begin(relation, *types)
    key_from, key_to = relation.key_from, relation.key_to
    if relation.type in ("belongsTo", "referencesMany"):
        if key_to is None or (not relation.options.get("key_to") and not target.id_properties()):
            raise InvalidRelationError(
                f"target model {target.name} does not have any primary key (id property)", relation
            )
    elif key_to not in target.properties and discriminator_of(relation) is None:
        raise InvalidRelationError(
            f"target model {target.name} is missing definition of foreign key {key_to}", relation
        )
    source = definition_of(relation.source)
    if key_from is None or key_from not in source.properties:
        raise InvalidRelationError(f"source model {source.name} is missing the property {key_from or 'id'}", relation)
    if relation.type == "belongsTo":
        _check_discriminator(relation, source, "source")
    assert key_to is not None  # checked for both sorts above
    return Checked(relation, key_from, key_to)


def checked_through(relation: RelationDefinition) -> CheckedThrough:
    """A has-many relation through a model whose keys exist.

    Raises:
        InvalidRelationError: Something is missing; it is named.
    """
    target = _begin(relation, "hasMany")
    through = relation.through
    if through is None:
        raise InvalidRelationError("through must be specified", relation)
    link = definition_of(through.model)
    if relation.target is relation.source and not through.is_spelled_out:
        raise InvalidRelationError(
            "a through relation of a model to itself needs key_from and key_to spelled out", relation
        )
    ids = target.id_properties()
    if not ids:
        raise InvalidRelationError(f"target model {target.name} does not have any primary key (id property)", relation)
    _check_link(relation, link, through)
    _check_discriminator(relation, link, "through")
    key_from = relation.key_from
    if key_from is None:
        raise InvalidRelationError("source model does not have any primary key (id property)", relation)
    return CheckedThrough(relation, key_from, ids[0], through.key_from, through.key_to)


def _check_discriminator(relation: RelationDefinition, holder: ModelDefinition, role: str) -> None:
    name = discriminator_of(relation)
    if name is not None and name not in holder.properties:
        raise InvalidRelationError(
            f"{role} model {holder.name} is missing definition of discriminator {name}", relation
        )


def _check_link(relation: RelationDefinition, link: ModelDefinition, through: ThroughDefinition) -> None:
    for role, key in (("source", through.key_from), ("target", through.key_to)):
        if key not in link.properties:
            reason = f"through model {link.name} is missing definition of {role} foreign key {key}"
            raise InvalidRelationError(reason, relation)
