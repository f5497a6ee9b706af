"""What runs around calls; boot finds every ``*_interceptor.py`` here."""
