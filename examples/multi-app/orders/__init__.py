"""A sub-application: what was ordered."""
