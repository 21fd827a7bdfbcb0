"""A small convolutional network on waveforms: mel front end, five blocks that pool mostly over time, two dense layers.

Source: the network of the tutorial by Won, Spijkervet and Choi (ISMIR 2021), see ``mel_front_end``. It is made for
clips of 29.1 s, which its pooling takes down to one cell; the mean over the cells that are left makes longer clips fit.
Shorter ones (5 s, 1 s) run out of frames on the way: there a block pools over what is left of that axis, so pooling
(3, 4) over a map of 3 x 2 becomes (3, 2), and once an axis has one cell it is no longer pooled. The parameters are the
same for every length.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from permafrost.backbones.mel_front_end import BANDS, MelFrontEnd, frames_of
from permafrost.backbones.mel_front_end import INPUT as INPUT
from permafrost.models.network import Network

CHANNELS = (16, 16, 32, 32, 64)
POOLING = ((2, 3), (3, 4), (2, 5), (3, 3), (3, 4))  # mel bands, frames
DENSE = 64
BLOCK_DROPOUT, DENSE_DROPOUT = 0.1, 0.5


class Block(nn.Module):
    """A 3 x 3 convolution, BatchNorm, ReLU, max pooling, dropout."""

    def __init__(self, incoming: int, outgoing: int, pooling: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(incoming, outgoing, 3, padding=1)
        self.bn = nn.BatchNorm2d(outgoing)
        self.pool = nn.MaxPool2d(pooling)
        self.dropout = nn.Dropout(BLOCK_DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, incoming, height, width] to [batch, outgoing, height // pooling, width // pooling]."""
        return self.dropout(self.pool(self.bn(self.conv(x)).relu()))


class Dense(nn.Module):
    """What is left of the picture, averaged, through a dense layer; and a sigmoid layer of ``wide`` units if wanted."""

    def __init__(self, wide: int | None) -> None:
        super().__init__()
        self.dense = nn.Linear(CHANNELS[-1], DENSE)
        self.bn = nn.BatchNorm1d(DENSE)
        self.dropout = nn.Dropout(DENSE_DROPOUT)
        self.wide = nn.Linear(DENSE, wide) if wide else None

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] to embeddings [batch, DENSE or wide]."""
        x = self.dense(x.mean(dim=(2, 3)))
        # One clip has no variance over the batch: a last batch of one is normalised as in evaluation.
        alone = self.training and len(x) == 1
        bn = self.bn
        x = F.batch_norm(x, bn.running_mean, bn.running_var, bn.weight, bn.bias) if alone else bn(x)
        x = self.dropout(x.relu())
        return x if self.wide is None else self.wide(x).sigmoid()


def build(input_shape: tuple[int, ...], classes: int) -> Network:
    """The network for waveforms of ``input_shape`` = (samples,) at 22,050 Hz, drawn from the global generator.

    Raises:
        PermafrostError: the input is not a waveform, or is shorter than half a window.
    """
    return build_cnn(input_shape, classes, "cnn")


def build_cnn(input_shape: tuple[int, ...], classes: int, backbone: str, wide: int | None = None) -> Network:
    """As ``build``, with a sigmoid layer of ``wide`` units before the head where it is given."""
    height, width = BANDS, frames_of(input_shape, backbone)
    blocks: list[nn.Module] = []
    incoming = 1
    for channels, (rows, columns) in zip(CHANNELS, POOLING, strict=True):
        pooling = (min(rows, height), min(columns, width))
        blocks.append(Block(incoming, channels, pooling))
        incoming, height, width = channels, height // pooling[0], width // pooling[1]
    pool = Dense(wide)
    return Network(MelFrontEnd(), blocks, pool, nn.Linear(wide or DENSE, classes), input_channels=1)
