"""Strategies: what learns, how fast and for how long, each a module with ``phases(network, settings, key)``."""
