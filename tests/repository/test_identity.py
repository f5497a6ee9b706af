"""An id is a value, never a condition."""

import re
from typing import Any

import pytest

from mainspring.repository import DataSource, DefaultCrudRepository, Entity, ModelValidationError, field


class Note(Entity):
    id: int | None = field(id=True, generated=True)
    text: str | None = None


@pytest.mark.parametrize(
    "id", [{"gt": 0}, {"neq": None}, {"id": {"gt": 0}}, {"and": []}, {}, [1, 2], (1,), {1}, re.compile(".")], ids=str
)
async def test_a_condition_given_as_an_id_is_refused_and_touches_nothing(id: Any) -> None:
    """REPO-008, REPO-010, REPO-011, REPO-012, REPO-014, REPO-016, MODEL-039"""
    async with DataSource({"name": "db", "connector": "memory"}) as source:
        notes: DefaultCrudRepository[Note, Any] = DefaultCrudRepository(Note, source)
        await notes.create_all([{"text": "a"}, {"text": "b"}])
        calls = (
            lambda: notes.find_by_id(id),
            lambda: notes.exists(id),
            lambda: notes.update_by_id(id, {"text": "changed"}),
            lambda: notes.replace_by_id(id, {"text": "changed"}),
            lambda: notes.delete_by_id(id),
            lambda: notes.update(Note(id=id, text="changed")),
            lambda: notes.delete(Note(id=id)),
        )
        for call in calls:
            with pytest.raises(ModelValidationError):
                await call()
        assert [note.text for note in await notes.find()] == ["a", "b"]
    with pytest.raises(ModelValidationError):
        Note.build_where_for_id(id)
