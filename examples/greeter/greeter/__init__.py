"""A component with an extension point, and greeters that others contribute to it."""
