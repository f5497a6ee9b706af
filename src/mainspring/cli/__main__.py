"""``python -m mainspring.cli`` is ``mainspring``."""

from mainspring.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
