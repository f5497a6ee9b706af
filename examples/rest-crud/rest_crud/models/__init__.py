"""What is stored."""

__all__ = ["LARGEST_INTEGER", "TEXT"]

LARGEST_INTEGER = 2**63 - 1  # what an integer of the database holds
TEXT = r"^[^\u0000]*$"  # no database keeps NUL in a text
