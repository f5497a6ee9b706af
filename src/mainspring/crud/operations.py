"""The operations of a generated controller: plain methods that are told the types of a model."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from mainspring.crud.served import ServedModel
from mainspring.http import HttpErrors
from mainspring.openapi import operation, param, request_body, response
from mainspring.repository import Count, Filter, Where
from mainspring.rest import Response

__all__ = [
    "REPLACE",
    "Methods",
    "changing",
    "check_id",
    "conflict",
    "declared",
    "etag_of",
    "missing",
    "reading",
    "types_of",
    "writing",
]

Methods = dict[str, Callable[..., Any]]
#: What replacing does, of a model.
REPLACE = "Replace a {}: what is left out has its default or is empty afterwards."

Decorate = Callable[[Callable[..., Any]], Callable[..., Any]]


def declared(
    verb: str, path: str, text: str, types: Mapping[str, Any], answers: Mapping[int | str, Any] | None = None
) -> Decorate:
    """Make an operation of a method.

    Args:
        verb: The verb.
        path: The path below that of the controller.
        text: What it does, for the document.
        types: The annotations of the model, which take the place of those in the source.
        answers: Response objects by status, beside what the return type says.
    """

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        method.__annotations__ = dict(types)
        method.__doc__ = text
        found = {**(answers or {}), "default": {"description": "What went wrong."}}
        for status in reversed(found):  # decorators are read from the top, and carried out from the bottom
            method = response(status, found[status])(method)
        return operation(verb, path)(method)

    return decorate


def types_of(returns: Any, **parameters: Any) -> dict[str, Any]:
    """The annotations of a method."""
    return {**parameters, "return": returns}


def _json(description: str, schema: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}, **more}


def missing(name: str) -> dict[str, Any]:
    """The response to an id that nothing has."""
    return {"description": f"There is no {name} with this id."}


def conflict(name: str) -> dict[str, Any]:
    """The response to data that go against what is stored, or against the path."""
    return {"description": f"The data are of another {name}, or clash with what is stored."}


def etag_of(served: ServedModel, instance: Any) -> str:
    """The entity tag of an instance: the number of its changes."""
    return f'"{getattr(instance, str(served.version))}"'


def check_id(served: ServedModel, id: Any, data: Any) -> None:
    """Refuse data of another instance than the one in the path.

    Raises:
        HttpErrors.Conflict: They have another id.
    """
    given = getattr(data, served.id.name)
    if given is not None and given != id:
        raise HttpErrors.Conflict(f"The {served.name} in the body has the id {given!r}, the path says {id!r}.")


def reading(served: ServedModel) -> Methods:
    """``find``, ``count`` and ``find_by_id``."""
    where = Annotated[Where | None, param.where(served.cls)]

    @declared("get", "/count", f"How many {served.name} instances there are that match.", types_of(Count, where=where))
    async def count(self: Any, where: Any = None) -> Any:
        return await self.repository.count(where)

    return {"find": _finding_many(served), "count": count, "find_by_id": _finding_one(served)}


def _finding_many(served: ServedModel) -> Callable[..., Any]:
    model: Any = served.cls
    schema, most = served.answer_schema, served.definition.settings.get("max_limit")
    many = {"type": "array", "items": {"$ref": schema["$ref"]}, "$defs": schema["$defs"]}
    answer = _json(f"The {served.name} instances.", many)
    if most is not None:
        described = {"description": "The limit in place of one that was too large.", "schema": {"type": "integer"}}
        answer["headers"] = {"X-Limit-Applied": described}
    types = types_of(list[model], filter=Annotated[Filter | None, param.filter(model)])

    @declared("get", "/", f"The {served.name} instances that a filter selects, or all.", types, {200: answer})
    async def find(self: Any, filter: Any = None) -> Any:
        found = await self.repository.find(filter)
        is_lowered = most is not None and ((filter or {}).get("limit") or 0) > most
        return Response(found, headers={"X-Limit-Applied": str(most)}) if is_lowered else found

    return find


def _finding_one(served: ServedModel) -> Callable[..., Any]:
    some = Annotated[Filter | None, param.filter(served.cls, exclude="where")]
    found_answer = _json(f"The {served.name}.", served.answer_schema)
    if served.version is not None:
        described = {"description": "Its version, for `If-Match`.", "schema": {"type": "string"}}
        found_answer["headers"] = {"ETag": described}
    answers: dict[int | str, Any] = {200: found_answer, 404: missing(served.name)}
    types = types_of(served.cls, id=served.id_parameter, filter=some)

    @declared("get", "/{id}", f"The {served.name} with an id.", types, answers)
    async def find_by_id(self: Any, id: Any, filter: Any = None) -> Any:
        found = await self.repository.find_by_id(id, filter)
        # A tag stands for the instance as it is stored, not for a part of it or for what it was joined with.
        tagged = served.version is not None and not filter
        return Response(found, headers={"ETag": etag_of(served, found)}) if tagged else found

    return find_by_id


def writing(served: ServedModel) -> Methods:
    """``create`` and ``update_all``."""
    model: Any = served.cls
    name = served.name
    types = types_of(model, data=Annotated[model, request_body(exclude=served.id_not_to_create)])

    answers: dict[int | str, Any] = {200: {"description": f"The new {name}."}, 409: conflict(name)}

    @declared("post", "/", f"Create a {name}.", types, answers)
    async def create(self: Any, data: Any) -> Any:
        return await self.repository.create(data)

    changes = Annotated[model, request_body(partial=True, exclude=[served.id.name])]
    types = types_of(Count, data=changes, where=Annotated[Where | None, param.where(model)])

    @declared(
        "patch",
        "/",
        f"Change properties of every {name} that matches a condition, or of all.",
        types,
        {409: conflict(name)},
    )
    async def update_all(self: Any, data: Any, where: Any = None) -> Any:
        return await self.repository.update_all(data, where)

    return {"create": create, "update_all": update_all}


def changing(served: ServedModel) -> Methods:
    """``update_by_id``, ``replace_by_id`` and ``delete_by_id``."""
    model, name, key = served.cls, served.name, served.id_parameter
    answers: dict[int | str, Any] = {204: {"description": "Done."}, 404: missing(name), 409: conflict(name)}
    types = types_of(None, id=key, data=Annotated[model, request_body(partial=True)])

    @declared("patch", "/{id}", f"Change properties of a {name}.", types, answers)
    async def update_by_id(self: Any, id: Any, data: Any) -> Any:
        check_id(served, id, data)
        await self.repository.update_by_id(id, data)

    @declared("put", "/{id}", REPLACE.format(name), types_of(None, id=key, data=model), answers)
    async def replace_by_id(self: Any, id: Any, data: Any) -> Any:
        check_id(served, id, data)
        await self.repository.replace_by_id(id, data)

    @declared("delete", "/{id}", f"Delete a {name}.", types_of(None, id=key), answers)
    async def delete_by_id(self: Any, id: Any) -> Any:
        await self.repository.delete_by_id(id)

    return {"update_by_id": update_by_id, "replace_by_id": replace_by_id, "delete_by_id": delete_by_id}
