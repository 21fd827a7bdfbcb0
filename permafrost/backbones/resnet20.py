"""ResNet-20 for CIFAR-10 (He et al. 2016): a stem and 9 blocks."""

from torch import Tensor

from permafrost.backbones.cifar_resnet import build_cifar_resnet, convert_cifar_resnet
from permafrost.models.network import Network

DEPTH = 20


def build(input_shape: tuple[int, ...], classes: int) -> Network:
    """ResNet-20 for pictures of input_shape = (height, width), drawn from the global generator."""
    return build_cifar_resnet(DEPTH, input_shape, classes)


def convert(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of the published CIFAR-10 network in our names."""
    return convert_cifar_resnet(DEPTH, state)
