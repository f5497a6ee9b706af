"""What the service answers to: three generated controllers, and those of the relations."""
