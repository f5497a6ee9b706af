"""What it answers to."""
