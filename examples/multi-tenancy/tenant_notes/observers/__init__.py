"""What happens when the service starts."""
