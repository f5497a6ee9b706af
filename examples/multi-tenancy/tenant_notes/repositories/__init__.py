"""How it is stored and found again."""
