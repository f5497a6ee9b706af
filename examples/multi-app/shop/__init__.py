"""The main application: a shop made of other applications."""
