"""The start page."""

from pathlib import Path

from mainspring import Response, rest

__all__ = ["HomeController"]

PAGE = Path(__file__).parents[1] / "public" / "index.html"


class HomeController:
    """A page for people; it uses the service as any other client would."""

    @rest.get("/")
    @rest.visibility("undocumented")
    def page(self) -> Response[bytes]:
        """The list, and the way to the explorer and the document."""
        return Response(PAGE.read_bytes(), media_type="text/html; charset=utf-8")
