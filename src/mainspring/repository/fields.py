"""What the author of a model writes: ``field(...)`` and the relation functions. Nothing is interpreted here."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

__all__ = [
    "RELATION_TYPES",
    "Field",
    "Relation",
    "belongs_to",
    "field",
    "has_many",
    "has_one",
    "references_many",
]

#: The names of the four kinds of relation, as metadata and messages give them.
RELATION_TYPES = ("hasMany", "hasOne", "belongsTo", "referencesMany")

_UNSET: Any = object()


class Field:
    """The settings given to one property; only those that were given.

    Attributes:
        settings: Name to value.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = dict(settings)

    def __repr__(self) -> str:
        return f"field({', '.join(f'{name}={value!r}' for name, value in self.settings.items())})"


class Relation(Field):
    """A relation as it was declared; ``settings`` are those of the key property, if it has one.

    Attributes:
        type: One of `RELATION_TYPES`.
        target: A class, a callable that returns one, or text.
        options: ``name, key_from, key_to, through, polymorphic, unique, disable_inclusion``, those that were given.
    """

    def __init__(self, type: str, target: Any, options: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self.type, self.target = type, target
        self.options = {name: value for name, value in options.items() if value is not None}

    @property
    def has_key_property(self) -> bool:
        """Whether the annotated property is the key rather than the related data."""
        return self.type in ("belongsTo", "referencesMany")

    def __repr__(self) -> str:
        return f"{self.type}({self.target!r})"


def field(  # noqa: PLR0913  # the public signature: every setting has its own keyword
    *,
    id: bool = _UNSET,
    generated: bool = _UNSET,
    required: bool = _UNSET,
    index: Any = _UNSET,
    unique: bool = _UNSET,
    hidden: bool = _UNSET,
    default: Any = _UNSET,
    default_factory: Callable[[], Any] = _UNSET,
    default_fn: str | Callable[[], Any] = _UNSET,
    on_update: str | Callable[[], Any] = _UNSET,
    type: Any = _UNSET,
    item_type: Any = _UNSET,
    name: str = _UNSET,
    rename: str = _UNSET,
    description: str = _UNSET,
    length: int = _UNSET,
    min_length: int = _UNSET,
    max_length: int = _UNSET,
    minimum: Any = _UNSET,
    maximum: Any = _UNSET,
    pattern: str = _UNSET,
    precision: int = _UNSET,
    scale: int = _UNSET,
    allow_nan: bool = _UNSET,
    json_schema: Mapping[str, Any] = _UNSET,
    foreign_key: Any = _UNSET,
    version: bool = _UNSET,
    timezone: bool = _UNSET,
    use_default_id_type: bool = _UNSET,
    postgresql: Mapping[str, Any] = _UNSET,
    mysql: Mapping[str, Any] = _UNSET,
    sqlite: Mapping[str, Any] = _UNSET,
    **extra: Any,
) -> Any:
    """Say more about a property than its annotation does.

    Args:
        id: It is (a part of) the identity.
        generated: The database or the data source gives the value.
        required: Data must have it, and not as ``None``.
        index: Make an index.
        unique: No two rows have the same value.
        hidden: Left out of JSON and shown as ``***``.
        default: The value where none is given; copied if it is mutable.
        default_factory: A function that makes it, once per instance.
        default_fn: What makes it when a row is created: ``"now"``, ``"uuid"``, ``"uuidv4"``, ``"uuidv7"``, ``"guid"``
            or a function.
        on_update: The same for each update.
        type: Overrides the annotation.
        item_type: Overrides the type of the items of a list.
        name: The name of the column.
        rename: The name on the wire (JSON, filters in a query).
        description: For the document.
        length: The length of a text column, in characters; also the longest text.
        min_length: The shortest text, in code points.
        max_length: The longest text, in code points.
        minimum: The smallest number.
        maximum: The largest number.
        pattern: A regular expression that occurs in the text.
        precision: The number of digits of a decimal.
        scale: How many of them are behind the point.
        allow_nan: A float may be NaN or infinite.
        json_schema: Keywords laid over the derived schema (of a list: of its items); enforced as well.
        foreign_key: Make a constraint in the database.
        version: The property counts updates; stale data are refused.
        timezone: ``False``: datetimes are naive.
        use_default_id_type: ``False``: the annotated type of a generated id counts.
        postgresql: Settings for this database, ``{"column": …, "type": …}``.
        mysql: The same.
        sqlite: The same.
        extra: Kept in ``options`` of the property.
    """
    given = {**locals(), **extra}
    del given["extra"]
    return Field({name: value for name, value in given.items() if value is not _UNSET})


def belongs_to(
    target: Any,
    name: str | None = None,
    key_to: str | None = None,
    key_from: str | None = None,
    *,
    polymorphic: Any = None,
    disable_inclusion: bool | None = None,
    **settings: Any,
) -> Any:
    """The property is the key of one row of another model.

    Args:
        target: The model: a class, a callable that returns it, or text (``"module:Class"``).
        name: The relation's name; else the property's without ``_id``.
        key_to: The property of the target that the key equals; its id by default.
        key_from: The name of the key property, where it is not the annotated one.
        polymorphic: ``True`` or ``{"discriminator": name}``: a further property names the target's model.
        disable_inclusion: The relation cannot be included.
        settings: What `field` takes, for the key property.
    """
    options = {
        "name": name,
        "key_to": key_to,
        "key_from": key_from,
        "polymorphic": polymorphic,
        "disable_inclusion": disable_inclusion,
    }
    return Relation("belongsTo", target, options, settings)


def references_many(
    target: Any,
    key_to: str | None = None,
    name: str | None = None,
    *,
    disable_inclusion: bool | None = None,
    **settings: Any,
) -> Any:
    """The property is a list of keys of rows of another model.

    Args:
        target: As for `belongs_to`.
        key_to: The property of the target that the keys equal; its id by default.
        name: The relation's name; else the property's with the plural for ``_ids``.
        disable_inclusion: The relation cannot be included.
        settings: What `field` takes, for the key property.
    """
    options = {"name": name, "key_to": key_to, "disable_inclusion": disable_inclusion}
    return Relation("referencesMany", target, options, settings)


def has_many(
    target: Any,
    key_to: str | None = None,
    key_from: str | None = None,
    name: str | None = None,
    through: Any = None,
    **options: Any,
) -> Any:
    """Many rows of another model have the key of this one.

    Args:
        target: As for `belongs_to`.
        key_to: The property of the target that holds the key; ``<source model>_id`` by default.
        key_from: The property of this model it equals; the id by default.
        name: The relation's name; else the property's.
        through: The model that links the two, or ``{"model": …, "key_from": …, "key_to": …, "polymorphic": …}``.
        options: ``polymorphic, disable_inclusion, rename, description``.
    """
    return _has("hasMany", target, key_to, key_from, {"name": name, "through": through, **options})


def has_one(
    target: Any, key_to: str | None = None, key_from: str | None = None, name: str | None = None, **options: Any
) -> Any:
    """One row of another model has the key of this one.

    Args:
        target: As for `belongs_to`.
        key_to: The property of the target that holds the key; ``<source model>_id`` by default.
        key_from: The property of this model it equals; the id by default.
        name: The relation's name; else the property's.
        options: ``unique`` (make the constraint), ``polymorphic, disable_inclusion, rename, description``.
    """
    return _has("hasOne", target, key_to, key_from, {"name": name, **options})


def _has(
    type: Literal["hasMany", "hasOne"],
    target: Any,
    key_to: str | None,
    key_from: str | None,
    options: Mapping[str, Any],
) -> Relation:
    return Relation(type, target, {"key_to": key_to, "key_from": key_from, **options}, {})


def names_of(value: str | Iterable[str] | None) -> list[str]:
    """One name, several, or none, as a list."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
