"""What is stored. The files name each other's models by text, so that their order does not matter."""

__all__ = ["LARGEST_ID", "TEXT"]

LARGEST_ID = 2**63 - 1  # what an integer of the database holds
TEXT = r"^[^\u0000]*$"  # no database keeps NUL in a text
