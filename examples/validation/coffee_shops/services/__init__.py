"""Who has to be asked."""
