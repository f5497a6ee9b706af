"""ServerLoader: a server as one class, with hooks, settings, mounts and stages of middleware."""

from mainspring.loader.error_handler import GlobalErrorHandler
from mainspring.loader.stage_decorators import middleware, use, use_after, use_auth, use_before

__all__ = ["GlobalErrorHandler", "middleware", "use", "use_after", "use_auth", "use_before"]
