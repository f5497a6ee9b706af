"""How the models are served."""
