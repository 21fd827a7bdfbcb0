"""VGG-16 with BatchNorm on waveforms, from scratch: mel front end resized to 224 x 224, torchvision's layers after it.

Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015,
configuration D, with BatchNorm after each convolution. A unit is a stage: the convolutions between two poolings.
"""

from torch import Tensor, nn
from torchvision.models import vgg16_bn

from permafrost.backbones.mel_front_end import INPUT as INPUT
from permafrost.backbones.mel_front_end import MelFrontEnd, frames_of
from permafrost.models.network import Network

SIZE = (224, 224)
DENSE = 4096


class Dense(nn.Module):
    """7 x 7 cells through two dense layers with dropout; and a sigmoid layer of ``wide`` units if wanted."""

    def __init__(self, layers: nn.Sequential, wide: int | None) -> None:
        super().__init__()
        self.layers = layers
        self.wide = nn.Linear(DENSE, wide) if wide else None

    def forward(self, x: Tensor) -> Tensor:
        """[batch, 512, 7, 7] to embeddings [batch, DENSE or wide]."""
        x = self.layers(x.flatten(1))
        return x if self.wide is None else self.wide(x).sigmoid()


def build(input_shape: tuple[int, ...], classes: int) -> Network:
    """The network for waveforms of ``input_shape`` = (samples,) at 22,050 Hz, drawn from the global generator.

    Raises:
        PermafrostError: the input is not a waveform, or is shorter than half a window.
    """
    return build_vgg(input_shape, classes, "vgg16_bn")


def build_vgg(input_shape: tuple[int, ...], classes: int, backbone: str, wide: int | None = None) -> Network:
    """As ``build``, with a sigmoid layer of ``wide`` units before the head where it is given."""
    frames_of(input_shape, backbone)
    whole = vgg16_bn(weights=None, num_classes=classes)
    stages: list[nn.Module] = []
    stage: list[nn.Module] = []
    for layer in whole.features:
        stage.append(layer)
        if isinstance(layer, nn.MaxPool2d):
            stages.append(nn.Sequential(*stage))
            stage = []
    # torchvision's classifier is dense, ReLU, dropout, dense, ReLU, dropout, dense: the last one is our head.
    pool = Dense(whole.classifier[:-1], wide)
    head = nn.Linear(wide, classes) if wide else whole.classifier[-1]
    return Network(MelFrontEnd(SIZE, channels=3), stages, pool, head, input_channels=1)
