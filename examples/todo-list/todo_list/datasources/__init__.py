"""Where it is stored."""
