"""Random streams: one for each artist and clip, so that nothing depends on the order in which they are made."""

import numpy as np

DATA_SET = 0  # what a stream is for


def stream(seed: int, *place: int) -> np.random.Generator:
    """A generator of its own for each ``seed`` and ``place`` (such as DATA_SET, style, artist, clip)."""
    # A spawn key, because numbers that are simply joined to the seed collide: (1, 0) would give the stream of (1,).
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=place))
