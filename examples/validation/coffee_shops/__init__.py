"""Coffee shops, of which only sensible ones are taken."""
