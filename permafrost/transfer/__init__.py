"""Freezing strategies, the trainer, the prefix cache."""
