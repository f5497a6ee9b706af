"""What the REST server answers to."""
