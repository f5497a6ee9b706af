"""The book, which says when each of its hooks is called."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from mainspring import DataSource, DefaultCrudRepository
from mainspring.loader import RequestContext, inject, injectable

from ..models import Entry
from ..telling import tell

__all__ = ["Guestbook"]

Listener = Callable[[dict[str, Any]], Awaitable[Any]]


@injectable()
class Guestbook:
    """Entries in the order in which they were made.

    Attributes:
        listeners: Called with every new entry.
    """

    def __init__(self, source: Annotated[DataSource, inject("datasources.db")]) -> None:
        tell(self, "__init__")
        self.entries = DefaultCrudRepository[Entry, int](Entry, source)
        self.listeners: list[Listener] = []

    async def all(self) -> list[Entry]:
        """Every entry."""
        return await self.entries.find({"order": ["id"]})

    async def sign(self, name: str, text: str) -> Entry:
        """Add an entry."""
        entry = await self.entries.create(Entry(name=name, text=text))
        for listener in self.listeners:
            await listener(entry.to_json())
        return entry

    async def remove(self, id: int) -> None:
        """Remove an entry.

        Raises:
            EntityNotFoundError: There is none with this id; answered by 404.
        """
        await self.entries.delete_by_id(id)

    # A provider has the hooks that it defines; one that defines none has none. These are all there are.

    def on_init(self) -> None:
        """Every service is constructed."""
        tell(self, "on_init")

    def on_mounting_middlewares(self) -> None:
        """The earlier name of the next one."""
        tell(self, "on_mounting_middlewares")

    def before_routes_init(self) -> None:
        """No controller is constructed yet."""
        tell(self, "before_routes_init")

    def on_routes_init(self) -> None:
        """Controllers are mounted."""
        tell(self, "on_routes_init")

    def after_routes_init(self) -> None:
        """Everything is routed."""
        tell(self, "after_routes_init")

    def before_listen(self) -> None:
        """No socket is open yet."""
        tell(self, "before_listen")

    def after_listen(self) -> None:
        """The sockets are open."""
        tell(self, "after_listen")

    def on_ready(self) -> None:
        """Everything is done."""
        tell(self, "on_ready")

    def on_server_ready(self) -> None:
        """So is every other ``on_ready``."""
        tell(self, "on_server_ready")

    def on_request(self, ctx: RequestContext) -> None:
        """A request begins."""
        tell(self, "on_request", f"{ctx.request.method} {ctx.request.path}")

    def on_response(self, ctx: RequestContext) -> None:
        """Its response was sent."""
        tell(self, "on_response", f"{ctx.request.method} {ctx.request.path}")

    def on_destroy(self) -> None:
        """Nobody needs it any more."""
        tell(self, "on_destroy")
