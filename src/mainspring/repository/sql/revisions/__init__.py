"""Revisions of a schema through Alembic: files that are written from the models, reviewed, and carried out in order."""

__all__: list[str] = []
