"""What the operations on a model have to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from mainspring.openapi import param
from mainspring.repository import Entity, ModelDefinition, ModelDefinitionError, PropertyDefinition
from mainspring.repository.preparing import version_property

__all__ = ["ServedModel", "served_model"]

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that can be served.

    Attributes:
        cls: The model class.
        id: Its id.
        version: The property that counts its changes, if it has one.
    """

    cls: Any
    id: PropertyDefinition
    version: str | None

    @property
    def name(self) -> str:
        """The name of the class."""
        return str(self.cls.__name__)

    @property
    def definition(self) -> ModelDefinition:
        """What is known of the model."""
        found: ModelDefinition = self.cls.definition
        return found

    @property
    def id_parameter(self) -> Any:
        """The annotation of an id in the path: the property's type and what else its schema says."""
        schema = dict(self.cls.json_schema()["properties"][self.id.wire_name])
        kinds = schema.get("type")
        if isinstance(kinds, list):  # there is no null in a path
            kept = [kind for kind in kinds if kind != "null"]
            schema["type"] = kept[0] if len(kept) == 1 else kept
        return Annotated[self.id.type, param.path(schema=schema)]

    @property
    def id_not_to_create(self) -> list[str]:
        """What data of a new instance must not have: an id that the data source gives."""
        is_free = self.definition.settings.get("force_id") is False
        return [self.id.name] if self.id.generated and not is_free else []

    @property
    def answer_schema(self) -> Schema:
        """The schema of an instance that a filter made: with fewer properties, or with related instances."""
        has_relations = any(relation.can_be_included for relation in self.definition.relations.values())
        schema: Schema = self.cls.json_schema(partial=True, include_relations="nullable" if has_relations else False)
        return referred(schema)


def served_model(model: Any) -> ServedModel:
    """What is served of a model.

    Raises:
        ModelDefinitionError: It is no ``Entity``, or has not exactly one id property.
    """
    name = getattr(model, "__name__", repr(model))
    if not (isinstance(model, type) and issubclass(model, Entity)):
        raise ModelDefinitionError(name, None, "a CRUD API needs an Entity; derive the model from Entity")
    ids = model.definition.id_properties()
    if len(ids) != 1:
        found = ", ".join(ids) or "none"
        reason = f"a CRUD API needs one id property for the path, found {found}; write the controller by hand"
        raise ModelDefinitionError(name, None, reason)
    return ServedModel(model, model.definition.properties[ids[0]], version_property(model.definition))


def referred(schema: Schema) -> Schema:
    """A schema by reference, so that a document names it."""
    definitions = {**schema.get("$defs", {}), schema["title"]: {k: v for k, v in schema.items() if k != "$defs"}}
    return {"$ref": f"#/$defs/{schema['title']}", "$defs": definitions}
