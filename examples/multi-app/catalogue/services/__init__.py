"""What the others lean on."""
