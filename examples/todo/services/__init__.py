"""What the controllers lean on."""
