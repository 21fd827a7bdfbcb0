"""``cnn`` with a layer of 3,087 sigmoid units before its output: the published experiment on the final layer."""

from permafrost.backbones.cnn import build_cnn
from permafrost.backbones.mel_front_end import INPUT as INPUT
from permafrost.models.network import Network

WIDE = 3087


def build(input_shape: tuple[int, ...], classes: int) -> Network:
    """See ``cnn.build``."""
    return build_cnn(input_shape, classes, "cnn_sigmoid", WIDE)
