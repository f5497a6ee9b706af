"""Mainspring: an application framework on one live, compiled inversion-of-control context."""
