"""The property that says of which model the target of a polymorphic relation is."""

from collections.abc import Mapping

from mainspring.repository.definitions import RelationDefinition, definition_of
from mainspring.repository.naming import snake_case

__all__ = ["discriminator_of"]


def discriminator_of(relation: RelationDefinition) -> str | None:
    """The name of the property; ``None`` for a relation with one target model."""
    through = relation.through
    setting = relation.options.get("polymorphic") or (through.polymorphic if through is not None else None)
    if not setting:
        return None
    given = setting.get("discriminator") if isinstance(setting, Mapping) else None
    return given or f"{snake_case(definition_of(relation.target).name)}_type"
