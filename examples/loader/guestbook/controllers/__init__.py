"""What is served below ``/rest``."""
