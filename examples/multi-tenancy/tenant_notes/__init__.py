"""Notes of several tenants, each in a database of its own."""
