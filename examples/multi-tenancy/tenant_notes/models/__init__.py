"""What is stored, for each tenant by itself."""
