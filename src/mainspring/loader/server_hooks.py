"""The hooks of a server, which do nothing until a program overrides them: plain or async, with injected parameters."""

# ruff: noqa: ARG002 - an overriding hook may take anything, so these do

from typing import Any

from mainspring.loader.hooks import NOTHING

__all__ = ["ServerHooks"]


class ServerHooks:
    """One method for each hook. What they give may be awaited, and need not be."""

    def before_init(self, *args: Any, **kwargs: Any) -> Any:
        """Called before everything else of a start."""
        return NOTHING

    def on_init(self, *args: Any, **kwargs: Any) -> Any:
        """Called before the container builds anything; while no class defines it, ``on_init(fn)`` is as ever."""
        if not args and not kwargs:
            return NOTHING
        return super().on_init(*args, **kwargs)  # type: ignore[misc]  # an application comes after

    def after_init(self, *args: Any, **kwargs: Any) -> Any:
        """Called when all providers are built and initialized."""
        return NOTHING

    def on_mounting_middlewares(self, *args: Any, **kwargs: Any) -> Any:
        """The earlier name of `before_routes_init`, called before it."""
        return NOTHING

    def before_routes_init(self, *args: Any, **kwargs: Any) -> Any:
        """Called before controllers are built: the place to register middleware."""
        return NOTHING

    def on_routes_init(self, *args: Any, **kwargs: Any) -> Any:
        """Called when the routes are there."""
        return NOTHING

    def after_routes_init(self, *args: Any, **kwargs: Any) -> Any:
        """Called after it: the place for what answers requests that no operation does."""
        return NOTHING

    def before_listen(self, *args: Any, **kwargs: Any) -> Any:
        """Called before the sockets are opened; ports may still be changed."""
        return NOTHING

    def after_listen(self, *args: Any, **kwargs: Any) -> Any:
        """Called when the sockets are open."""
        return NOTHING

    def on_ready(self, *args: Any, **kwargs: Any) -> Any:
        """Called when everything of the start is done."""
        return NOTHING

    def on_server_init_error(self, *args: Any, **kwargs: Any) -> Any:
        """Called with the error of a start that failed, before anything is undone."""
        return NOTHING

    def on_destroy(self, *args: Any, **kwargs: Any) -> Any:
        """Called at the end, after that of every provider."""
        return NOTHING
