"""Greeters of this application: boot finds every ``*_greeter.py`` here."""
