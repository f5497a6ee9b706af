"""How it is read and written."""
