"""Files up, listed, and down again in parts; nothing outside their folder."""
