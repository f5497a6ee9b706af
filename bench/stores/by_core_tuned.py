"""The same with what SQLAlchemy offers for speed: no transaction around a single statement, nothing sent at its end."""

from typing import Any

import by_core

app = by_core.app


class Store(by_core.Store):
    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True, **options)
