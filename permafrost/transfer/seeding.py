"""Independent random streams from one seed.

A cell's seed fixes head initialisation, batch order and augmentation, each from its own generator, so that two cells
that differ only in their strategy start from the same head and see the same batches. Streams are also keyed by epoch:
a resumed run needs no generator state, only the number of the epoch that comes next.
"""

import zlib

import numpy as np
import torch


def stream_seed(seed: int, stream: str, index: int = 0) -> int:
    """A 63-bit seed for one ``stream`` (``"order"``, ``"augment"``, …) of ``seed`` at ``index`` (an epoch, a view)."""
    state = np.random.SeedSequence([seed, zlib.crc32(stream.encode()), index]).generate_state(2, np.uint32)
    return int(state[0]) << 31 | int(state[1]) >> 1


def generator(seed: int, stream: str, index: int = 0, device: torch.device | str = "cpu") -> torch.Generator:
    """A torch generator on ``device`` for one stream of ``seed``."""
    return torch.Generator(device=device).manual_seed(stream_seed(seed, stream, index))
