"""Fixtures that tests of backbones share with those of weights."""

from tests.models.conftest import no_folders_of_weights, one_thread, published

__all__ = ["no_folders_of_weights", "one_thread", "published"]
