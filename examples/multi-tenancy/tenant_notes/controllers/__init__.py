"""What the service answers to. Nothing here, or below, knows that there are others."""
