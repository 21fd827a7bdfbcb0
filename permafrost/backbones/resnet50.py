"""torchvision's ResNet-50 (He et al. 2016) as a stem and 16 bottleneck blocks: its modules, wrapped."""

from collections import OrderedDict

import torchvision
from torch import Tensor, nn

from permafrost.backbones.resnet_names import convert_resnet
from permafrost.errors import PermafrostError
from permafrost.models.network import Network

STAGES = {"layer1": 3, "layer2": 4, "layer3": 6, "layer4": 3}
WEIGHTS = torchvision.models.ResNet50_Weights  # what `torchvision:NAME` of a recipe refers to


def build(input_shape: tuple[int, ...], classes: int) -> Network:
    """ResNet-50 for pictures of ``input_shape`` = (height, width), drawn from the global generator.

    Raises:
        PermafrostError: the input is not a picture.
    """
    if len(input_shape) != 2:
        raise PermafrostError(
            f"backbone resnet50: input of shape {input_shape}; expected (height, width): input.kind logmel"
        )
    whole = torchvision.models.resnet50(weights=None, num_classes=classes)
    stem = nn.Sequential(
        OrderedDict(conv1=whole.conv1, bn1=whole.bn1, relu=whole.relu, maxpool=whole.maxpool),
    )
    blocks = [block for stage in STAGES for block in getattr(whole, stage)]
    pool = nn.Sequential(whole.avgpool, nn.Flatten())
    return Network(stem, blocks, pool, whole.fc, input_channels=3)


def convert(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Torchvision's names (``layer2.0.conv1.weight``) to ours, the head included; other names are handed on."""
    return convert_resnet(state, list(STAGES.values()), "fc")
