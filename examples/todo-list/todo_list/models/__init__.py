"""What is stored. The files name each other's models by text, so that their order does not matter."""
