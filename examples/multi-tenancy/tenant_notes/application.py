"""The application: a database for each tenant, and the middleware that picks one."""

from pathlib import Path

from mainspring import BootMixin, DataSource, RepositoryMixin, RestApplication, load_config

from .document import TenancyEnhancer
from .settings import HERE, Settings
from .tenancy import Strategies, Tenant, TenantMiddleware

__all__ = ["NotesApplication"]


class NotesApplication(BootMixin, RepositoryMixin, RestApplication):
    """Notes over HTTP.

    Args:
        settings: What is set; ``settings.toml`` and the environment by default.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        given = load_config(HERE / "settings.toml", into=Settings) if settings is None else settings
        super().__init__({"name": "multi-tenancy", **given})
        self.project_root = Path(__file__).parent
        self.boot_options = {"services": {"dirs": ["strategies"], "extensions": ["_strategy.py"]}}
        tenancy = given["tenancy"]
        for tenant in tenancy.tenants:
            file = HERE / tenancy.folder / f"{tenant}.db" if tenancy.folder else ":memory:"
            source = DataSource({"name": f"tenants.{tenant}", "connector": "sqlite", "database": str(file)})
            self.datasource(source)
        self.service(Strategies)
        self.spec_enhancer(TenancyEnhancer)
        paths = ["/notes", "/tenant"]  # the document and its explorer are everybody's
        self.middleware(TenantMiddleware, {"path": paths, "binds": ["datasources.db", Tenant]})
