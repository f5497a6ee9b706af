"""The same, every connection asked whether it lives before it is used."""

from typing import Any

import by_core

app = by_core.app


class Store(by_core.Store):
    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, pool_pre_ping=True, **options)
