"""Where things come from, slowly."""
