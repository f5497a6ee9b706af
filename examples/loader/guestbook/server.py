"""The server: what it is set to, and what it does in each phase of its life."""

import os
import secrets
from pathlib import Path

from mainspring import DataSource
from mainspring.loader import (
    GlobalAcceptMimes,
    ServerLoader,
    body_parser,
    compression,
    cookie_parser,
    method_override,
    server_settings,
    session,
)

from .models import Entry
from .services.guestbook import Guestbook
from .sockets import Sockets
from .telling import tell

__all__ = ["GuestbookServer"]

BESIDE_THE_README = Path(__file__).parents[1] / "guestbook.db"


@server_settings(
    mount={"/rest": "${root_dir}/controllers/**/*.py", "/rest/v1": "${root_dir}/controllers_v1/**/*.py"},
    scan=["${root_dir}/services/**/*.py"],
    accept_mimes=["application/json", "text/html"],
)
class GuestbookServer(ServerLoader):
    """Hooks in the order in which they are called; a server has those that it needs."""

    def __init__(self) -> None:
        super().__init__({"name": "guestbook"})
        tell(self, "__init__")
        self.sockets: Sockets | None = None
        self.source = DataSource(
            {
                "name": "db",
                "connector": "sqlite",
                "database": os.environ.get("GUESTBOOK_DATABASE") or str(BESIDE_THE_README),
            }
        )
        self.bind("datasources.db").to(self.source)

    def before_init(self) -> None:
        """The first of all."""
        tell(self, "before_init")

    async def on_init(self) -> None:
        """Nothing is built before this has ended: the database is open when the first service is constructed."""
        tell(self, "on_init", "connecting")
        try:
            await self.source.connect()
            await self.source.autoupdate([Entry])
        except BaseException:  # a hook that fails closes what it opened: its on_destroy is not called
            await self.source.disconnect()
            raise
        tell(self, "on_init", "connected")

    def after_init(self) -> None:
        """Services are there, and have had their ``on_init``."""
        tell(self, "after_init")

    def on_mounting_middlewares(self) -> None:
        """The earlier name of the next one."""
        tell(self, "on_mounting_middlewares")

    def before_routes_init(self) -> None:
        """Middleware that is used here stands in front of every route."""
        tell(self, "before_routes_init")
        # Who sets no secret has sessions that end with the process.
        secret = os.environ.get("GUESTBOOK_SECRET") or secrets.token_hex()
        self.use(GlobalAcceptMimes).use(body_parser.json()).use(body_parser.urlencoded(extended=True)).use(
            cookie_parser()
        ).use(compression()).use(method_override()).use(session(secret))

    def on_routes_init(self) -> None:
        """Controllers are mounted."""
        tell(self, "on_routes_init")

    def after_routes_init(self) -> None:
        """What is added here answers what no controller does."""
        tell(self, "after_routes_init")
        self.static("/", "./public")

    def before_listen(self) -> None:
        """Nothing listens yet."""
        tell(self, "before_listen")

    def after_listen(self) -> None:
        """The sockets are open."""
        tell(self, "after_listen")

    def on_ready(self, book: Guestbook) -> None:
        """The place for other servers."""
        tell(self, "on_ready")
        self.sockets = Sockets(book)
        self.mount_asgi("/socket.io", self.sockets.app)
        self.on("stopping", self.sockets.hang_up)

    def on_server_init_error(self, error: Exception) -> None:
        """Something failed on the way to here; what was opened is closed next."""
        tell(self, "on_server_init_error", str(error))

    async def on_destroy(self) -> None:
        """The last of all."""
        if self.sockets is not None:  # they are there when everything went well
            self.off("stopping", self.sockets.hang_up)
        await self.source.disconnect()
        tell(self, "on_destroy")
