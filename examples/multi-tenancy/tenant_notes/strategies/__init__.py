"""Ways to tell whose request it is: boot finds every ``*_strategy.py`` here, the settings say which are asked."""
