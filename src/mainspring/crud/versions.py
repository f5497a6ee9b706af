"""The operations that change one instance of a model with a version: they honour ``If-Match`` (RFC 9110, 13.1.1).

The tag is compared with what is stored, and the change is made for exactly that version: a change that comes in between
makes it fail as well.
"""

from typing import Annotated, Any

from mainspring.crud.operations import REPLACE, Methods, check_id, conflict, declared, etag_of, missing, types_of
from mainspring.crud.served import ServedModel
from mainspring.http import HttpErrors, evaluate_preconditions
from mainspring.openapi import param, request_body
from mainspring.repository import StaleEntityError

__all__ = ["changing_versions"]

IF_MATCH = Annotated[
    # A header of HTTP itself, as `If-None-Match` of what is read: the document says it in words, not as a parameter.
    str | None, param.header("If-Match", visibility="undocumented")
]
CONDITION = "\n\nWith `If-Match`: only while its `ETag` is one of these."


def changing_versions(served: ServedModel) -> Methods:
    """``update_by_id``, ``replace_by_id`` and ``delete_by_id``."""
    model, name, key = served.cls, served.name, served.id_parameter
    stale = {"description": f"The {name} has been changed."}
    answers: dict[int | str, Any] = {204: {"description": "Done."}, 404: missing(name), 409: conflict(name), 412: stale}
    types = types_of(None, id=key, data=Annotated[model, request_body(partial=True)], if_match=IF_MATCH)

    @declared("patch", "/{id}", f"Change properties of a {name}.{CONDITION}", types, answers)
    async def update_by_id(self: Any, id: Any, data: Any, if_match: Any = None) -> Any:
        await _change(served, self.repository, "update_by_id", id, data, if_match)

    types = types_of(None, id=key, data=model, if_match=IF_MATCH)

    @declared("put", "/{id}", REPLACE.format(name) + CONDITION, types, answers)
    async def replace_by_id(self: Any, id: Any, data: Any, if_match: Any = None) -> Any:
        await _change(served, self.repository, "replace_by_id", id, data, if_match)

    @declared("delete", "/{id}", f"Delete a {name}.{CONDITION}", types_of(None, id=key, if_match=IF_MATCH), answers)
    async def delete_by_id(self: Any, id: Any, if_match: Any = None) -> Any:
        if if_match is None:
            await self.repository.delete_by_id(id)
            return
        version = await _matching_version(served, self.repository, id, if_match)
        deleted = await self.repository.delete_all({served.id.name: id, served.version: version})
        if deleted.count == 0:
            raise _changed(served)

    return {"update_by_id": update_by_id, "replace_by_id": replace_by_id, "delete_by_id": delete_by_id}


async def _change(served: ServedModel, repository: Any, method: str, id: Any, data: Any, if_match: str | None) -> None:
    check_id(served, id, data)
    change = getattr(repository, method)
    if if_match is None:
        await change(id, data)
        return
    version = await _matching_version(served, repository, id, if_match)
    if not data.is_loaded(served.version):  # what the body says itself has to be true as well
        setattr(data, str(served.version), version)
    try:
        await change(id, data)
    except StaleEntityError as error:
        raise _changed(served) from error


async def _matching_version(served: ServedModel, repository: Any, id: Any, if_match: str) -> Any:
    """The version that is stored.

    Raises:
        EntityNotFoundError: There is no such instance.
        HttpError: 412, its tag is not among those of the request.
    """
    found = await repository.find_by_id(id, {"fields": [served.version]})
    if evaluate_preconditions("PATCH", {"if-match": if_match}, etag=etag_of(served, found)) == 412:
        raise _changed(served)
    return getattr(found, str(served.version))


def _changed(served: ServedModel) -> Exception:
    return HttpErrors.PreconditionFailed(
        f"The {served.name} has been changed: read it again and change what it is now."
    )
