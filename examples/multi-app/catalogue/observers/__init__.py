"""What happens when the application starts."""
