"""What ``mainspring generate`` writes: one file for each family of artifacts, plans of files below them."""

__all__: list[str] = []
