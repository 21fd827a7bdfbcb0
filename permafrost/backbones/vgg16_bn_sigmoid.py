"""``vgg16_bn`` with a layer of 3,087 sigmoid units before its output: the published experiment on the final layer."""

from permafrost.backbones.mel_front_end import INPUT as INPUT
from permafrost.backbones.vgg16_bn import build_vgg
from permafrost.models.network import Network

WIDE = 3087


def build(input_shape: tuple[int, ...], classes: int) -> Network:
    """See ``vgg16_bn.build``."""
    return build_vgg(input_shape, classes, "vgg16_bn_sigmoid", WIDE)
