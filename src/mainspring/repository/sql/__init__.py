"""SQL databases through SQLAlchemy Core. Everything that names SQLAlchemy or a driver is in this room."""

__all__: list[str] = []
