"""A server for events of sensors beside a REST server, in one application."""
