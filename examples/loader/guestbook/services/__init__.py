"""What controllers and sockets use."""
