"""Fixtures that tests of backbones share with those of weights."""

from tests.models.conftest import always_one_thread, no_folders_of_weights, published

__all__ = ["always_one_thread", "no_folders_of_weights", "published"]
