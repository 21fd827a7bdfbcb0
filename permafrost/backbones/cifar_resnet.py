"""The CIFAR-10 residual networks of He et al. 2016 (section 4.2), as units: ResNet-20, -56 and kin.

Three stages of 16, 32 and 64 channels; shortcuts of option A (subsampled identity, missing channels are zeros), so
that a shortcut has no weights. They are fully convolutional up to the average pool and take pictures of any size.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from permafrost.backbones.resnet_names import convert_resnet
from permafrost.errors import PermafrostError
from permafrost.models.network import Network

CHANNELS = (16, 32, 64)


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions with BatchNorm, and a shortcut of option A."""

    def __init__(self, incoming: int, outgoing: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.missing = outgoing - incoming
        self.conv1 = nn.Conv2d(incoming, outgoing, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outgoing)
        self.conv2 = nn.Conv2d(outgoing, outgoing, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outgoing)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, incoming, height, width] to [batch, outgoing, ceil(height / stride), ceil(width / stride)]."""
        shortcut = x
        if self.missing or self.stride > 1:
            # Half of the new channels before and half after the old ones: where the published weights expect them.
            before = self.missing // 2
            shortcut = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.missing - before))
        x = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(x)) + shortcut)


class Stem(nn.Module):
    """A 3 x 3 convolution to 16 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, CHANNELS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(CHANNELS[0])

    def forward(self, x: Tensor) -> Tensor:
        """[batch, 3, height, width] to [batch, 16, height, width]."""
        return F.relu(self.bn1(self.conv1(x)))


def build_cifar_resnet(depth: int, input_shape: tuple[int, ...], classes: int) -> Network:
    """The network of ``depth`` = 6 n + 2 layers: a stem and 3 n blocks; He-normal convolutions, as published.

    Raises:
        PermafrostError: the input is not a picture.
    """
    if len(input_shape) != 2:
        raise PermafrostError(
            f"backbone resnet{depth}: input of shape {input_shape}; expected (height, width): input.kind logmel"
        )
    per_stage = (depth - 2) // 6
    blocks: list[nn.Module] = []
    incoming = CHANNELS[0]
    for stage, channels in enumerate(CHANNELS):
        for index in range(per_stage):
            blocks.append(BasicBlock(incoming, channels, stride=2 if stage and not index else 1))
            incoming = channels
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network = Network(Stem(), blocks, pool, nn.Linear(incoming, classes), input_channels=3)
    for module in [*network.stem.modules(), *network.blocks.modules()]:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return network


def convert_cifar_resnet(depth: int, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names of Y. Idelbayev's published networks (``layer2.0.conv1.weight``) to ours, the head included."""
    return convert_resnet(state, [(depth - 2) // 6] * len(CHANNELS), "linear")
