"""From what each class wrote down to what is read: own entries joined over the inherited ones along the MRO.

Results are kept in the store of the class that was asked, until something is written to it or to one of its bases.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mainspring.metadata.annotations import Unresolved, annotated_extras, class_annotations, function_annotations
from mainspring.metadata.decorators import ParameterMetadata, PropertyMetadata
from mainspring.metadata.entries import ABSENT, Entry, Found, Kind, checked_single, joined
from mainspring.metadata.storage import Slot, class_store, function_entries, own_records, underlying_function

__all__ = ["class_found", "function_parameters_found", "member_found", "member_names", "own_keys", "parameters_found"]

NOTHING = Found.of(ABSENT, cloned=False)


class Table:
    """What one class, or one function, says by itself: entries by slot, in order of definition.

    ``final`` is false while a name that may stand for metadata could not be resolved: such a table is not kept.
    """

    __slots__ = ("final", "function", "slots")

    def __init__(self, slots: Mapping[Slot, tuple[Entry, ...]], final: bool, function: object = None) -> None:
        self.slots, self.final, self.function = slots, final, function


def class_found(cls: type, key: str, *, own: bool) -> Found:
    """The metadata of the class itself."""
    slot = (key, None)
    own_entry = own_records(cls).get(slot)
    if own_entry is None:
        if own:
            return NOTHING
    elif own_entry.is_plain and not own_entry.clone:  # nothing joins it: there is nothing to work out
        return Found.of(own_entry.spec, cloned=False)
    cache = class_store(cls).cache
    place = (key, own)
    found: Found | None = cache.get(place)
    if found is None:

        def entries_of(owner: type) -> Sequence[Entry]:
            entry = own_records(owner).get(slot)
            return () if entry is None else (entry,)

        found = cache[place] = _along_mro(cls, own, entries_of)
    return found


def member_found(cls: type, key: str, member: str, kind: Kind, *, own: bool) -> Found:
    """The metadata of a method or property; of either when ``kind`` is ``PLAIN``."""
    cache = class_store(cls).cache  # taken before working it out: a write meanwhile replaces the dictionary
    place = (key, member, kind, own)
    found: Found | None = cache.get(place)
    if found is None:

        def entries_of(owner: type) -> Sequence[Entry]:
            entries = _class_table(owner).slots.get((key, member), ())
            return [entry for entry in entries if _is_of(entry, kind, cls, member)]

        found = _along_mro(cls, own, entries_of, member)
        if all(_class_table(owner).final for owner in cls.__mro__):
            cache[place] = found
    return found


def member_names(cls: type, key: str, kind: Kind, *, own: bool) -> Sequence[str]:
    """The members that have the key, in order of definition, those of the bases first."""
    cache = class_store(cls).cache
    place = (key, kind, own)
    names: Sequence[str] | None = cache.get(place)
    if names is None:
        owners = (cls,) if own else cls.__mro__
        names = tuple(
            dict.fromkeys(
                member
                for owner in reversed(owners)
                for (slot_key, member), entries in _class_table(owner).slots.items()
                if slot_key == key and member and any(_is_of(entry, kind, cls, member) for entry in entries)
            )
        )
        if all(_class_table(owner).final for owner in owners):
            cache[place] = names
    return names


def parameters_found(cls: type, key: str, method: str, *, own: bool) -> Mapping[str, Found]:
    """The metadata of the parameters that the nearest definition of ``method`` decorates."""
    cache = class_store(cls).cache
    place = (key, method, Kind.PARAMETER, own)
    found: Mapping[str, Found] | None = cache.get(place)
    if found is None:
        tables = [_parameter_table(owner, method) for owner in ((cls,) if own else cls.__mro__)]
        defined = [table for table in tables if table is not None]
        names = [parameter for slot_key, parameter in defined[0].slots if slot_key == key] if defined else []
        found = {str(parameter): _joined_tables(cls, method, (key, parameter), tables) for parameter in names}
        if all(table.final for table in defined):
            cache[place] = found
    return found


def function_parameters_found(function: Callable[..., Any], key: str) -> Mapping[str, Found]:
    """The metadata of the parameters of a function outside a class."""
    found: dict[str, Found] = {}
    for (slot_key, parameter), entries in _function_table(function, None).slots.items():
        if slot_key == key:
            checked_single(entries, f"{function.__name__}[{parameter}]")
            found[str(parameter)] = joined(NOTHING, entries)
    return found


def own_keys(cls: type, member: str | None) -> Iterator[str]:
    """The keys of one class's own entries for itself or for a member, in order of definition."""
    if member is None:
        yield from (key for (key, of), entry in own_records(cls).items() if of is None and entry is not None)
    else:
        yield from (key for (key, of), entries in _class_table(cls).slots.items() if of == member and entries)


def _along_mro(cls: type, own: bool, entries_of: Callable[[type], Sequence[Entry]], member: str | None = None) -> Found:
    found, applied = NOTHING, set[int]()
    if own and not entries_of(cls):
        return found
    for owner in reversed(cls.__mro__):
        # One function under several classes (`list = Base.list`, `functools.wraps`) is one application, not two.
        entries = [entry for entry in entries_of(owner) if id(entry) not in applied]
        applied.update(map(id, entries))
        checked_single(entries, _describe(owner, member, entries))
        found = joined(found, entries)
    return found


def _describe(owner: type, member: str | None, entries: Sequence[Entry]) -> str:
    if member is None:
        return f"class {owner.__name__}"
    return f"{owner.__name__}.{member}" + ("()" if any(entry.kind is Kind.METHOD for entry in entries) else "")


def _joined_tables(cls: type, method: str, slot: Slot, tables: Sequence[Table | None]) -> Found:
    found, functions = NOTHING, list[object]()
    for owner, table in reversed(list(zip(cls.__mro__, tables, strict=False))):
        if table is None or any(table.function is function for function in functions):
            continue
        functions.append(table.function)
        entries = table.slots.get(slot, ())
        checked_single(entries, f"{owner.__name__}.{method}[{slot[1]}]")
        found = joined(found, entries)
    return found


def _class_table(cls: type) -> Table:
    store = class_store(cls)
    tables = store.tables
    table: Table | None = tables.get(None)
    if table is None:
        table = _members_of(cls, store.records)
        if table.final:
            tables[None] = table
    return table


def _members_of(cls: type, records: Mapping[Slot, Entry | None]) -> Table:
    slots, final = _marked(class_annotations(cls), PropertyMetadata)
    for name, value in list(vars(cls).items()):
        function = underlying_function(value)
        for entry in () if function is None else function_entries(function):
            slots.setdefault((entry.key, name), []).append(entry)
    for slot, record in records.items():
        if slot[1] is None:
            continue
        if record is None or record.is_plain:
            slots[slot] = []
        if record is not None:
            slots.setdefault(slot, []).append(record)
    return Table({slot: tuple(entries) for slot, entries in slots.items() if entries}, final)


def _parameter_table(cls: type, method: str) -> Table | None:
    function = underlying_function(vars(cls).get(method))
    if function is None:
        return None
    tables = class_store(cls).tables
    table: Table | None = tables.get(method)
    if table is None or table.function is not function:
        table = _function_table(function, cls)
        if table.final:
            tables[method] = table
    return table


def _function_table(function: Callable[..., Any], owner: type | None) -> Table:
    slots, final = _marked(function_annotations(function, owner), ParameterMetadata)
    return Table({slot: tuple(entries) for slot, entries in slots.items()}, final, function)


def _marked(
    annotations: Mapping[str, Any], marker: type[PropertyMetadata] | type[ParameterMetadata]
) -> tuple[dict[Slot, list[Entry]], bool]:
    slots: dict[Slot, list[Entry]] = {}
    final = True
    for name, annotation in annotations.items():
        for extra in annotated_extras(annotation):
            if isinstance(extra, marker):
                entry = extra.entry()
                slots.setdefault((entry.key, name), []).append(entry)
            final = final and not isinstance(extra, Unresolved)
    return slots, final


def _is_of(entry: Entry, kind: Kind, cls: type, member: str) -> bool:
    if kind is Kind.PLAIN or entry.kind is kind:
        return True
    if entry.kind is not Kind.PLAIN:
        return False
    # A value defined by hand does not say what the member is; the class does, and a member need not exist.
    value = next((vars(owner)[member] for owner in cls.__mro__ if member in vars(owner)), None)
    if value is None:
        annotated = any(member in getattr(owner, "__annotations__", ()) for owner in cls.__mro__)
        return kind is Kind.PROPERTY or not annotated
    is_method = underlying_function(value) is not None and not isinstance(value, property)
    return is_method == (kind is Kind.METHOD)
