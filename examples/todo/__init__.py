"""A list of things to do: the example that the README runs."""
