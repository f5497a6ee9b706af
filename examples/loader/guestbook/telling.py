"""What the program says of its own life."""

__all__ = ["tell"]


def tell(who: object, hook: str, more: str = "") -> None:
    """Print that a hook of somebody is called."""
    print(f"{type(who).__name__}.{hook}{f': {more}' if more else ''}", flush=True)
