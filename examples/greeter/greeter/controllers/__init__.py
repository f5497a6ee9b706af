"""The greeters over HTTP."""
