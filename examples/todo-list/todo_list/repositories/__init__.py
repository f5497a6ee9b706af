"""Access to what is stored. Repositories that need each other ask for getters."""
