"""A sub-application that overrides one binding of another: the prices."""
