"""What happens with events: each class here with ``@handles`` is found by boot."""
