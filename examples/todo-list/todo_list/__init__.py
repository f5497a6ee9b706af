"""Lists of things to do: relations between models, and inclusion."""
