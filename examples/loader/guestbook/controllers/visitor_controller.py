"""Who asks."""

from typing import Annotated, Any

from mainspring.loader import controller, delete, get, session_params

__all__ = ["VisitorController"]


@controller("/visitor")
class VisitorController:
    """What the session knows of who asks."""

    @get("/")
    def who(self, session: Annotated[dict[str, Any], session_params()]) -> dict[str, Any]:
        """The name signed with last, and how often."""
        return {"name": session.get("name"), "signed": session.get("signed", 0)}

    @delete("/")
    def forget(self, session: Annotated[dict[str, Any], session_params()]) -> None:
        """End the session."""
        session.clear()
