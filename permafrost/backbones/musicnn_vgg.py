"""The VGG of musicnn (Pons and Serra 2019), trained to tag music: five blocks of 3 x 3 convolutions, 128 channels.

Published are two sets of weights, ``MTT_vgg`` (MagnaTagATune) and ``MSD_vgg`` (Million Song Dataset), in the package
musicnn, as TensorFlow checkpoint bundles. Weights and pictures are theirs, with time along the columns as all pictures
here have it.

The input's BatchNorm and the first block are one unit, the stem: two numbers alone would be no step of depth that a
strategy can freeze. Published, the last maps (2 x 1 cells of 187 frames) are flattened into 50 tags; here their cells
are averaged, so that pictures of other lengths fit and an embedding says what is heard, not when. The layer of tags is
the published head and is left out, as heads are.
"""

from torch import Tensor, nn

from permafrost.audio.inputs import LogMel
from permafrost.errors import PermafrostError
from permafrost.models.network import Network

# What the weights were trained on. Its windows of 187 frames (3 s) are a chunk; other lengths fit as well.
INPUT = LogMel(sample_rate=16000, n_mels=96, n_fft=512, hop_length=256, scale="log10", normalise_clip="none")
CHANNELS = 128
POOLING = (((1, 4), 2), ((2, 2), 2), ((2, 2), 2), ((2, 2), 2), ((4, 4), 4))  # (mel bands, frames), stride
DROPOUT = 0.25
EPSILON, MOMENTUM = 1e-3, 0.01  # of TensorFlow's BatchNorm


class Block(nn.Module):
    """Dropout, a 3 x 3 convolution, ReLU, BatchNorm, max pooling."""

    def __init__(self, incoming: int, pooling: tuple[int, int], stride: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.conv = nn.Conv2d(incoming, CHANNELS, 3, padding=1)
        self.bn = nn.BatchNorm2d(CHANNELS, EPSILON, MOMENTUM)
        self.pool = nn.MaxPool2d(pooling, stride)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, incoming, mel bands, frames] to [batch, CHANNELS, fewer, fewer]."""
        return self.pool(self.bn(self.conv(self.dropout(x)).relu()))


class Stem(Block):
    """BatchNorm over the whole picture, then a block."""

    def __init__(self) -> None:
        super().__init__(1, *POOLING[0], dropout=0.0)
        self.input_bn = nn.BatchNorm2d(1, EPSILON, MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, 1, mel bands, frames] to [batch, CHANNELS, mel bands / 2, about frames / 2]."""
        return super().forward(self.input_bn(x))


class MeanPool(nn.Module):
    """The mean over the cells of a map."""

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] to [batch, channels]."""
        return x.mean(dim=(2, 3))


def build(input_shape: tuple[int, ...], classes: int) -> Network:
    """The network for pictures of ``input_shape`` = (mel bands, frames), drawn from the global generator.

    Raises:
        PermafrostError: the input is no picture, or so small that nothing is left of it.
    """
    left = tuple(input_shape)
    for pooling, stride in POOLING:
        left = tuple((side - window) // stride + 1 for side, window in zip(left, pooling, strict=False))
    if len(input_shape) != 2 or min(left) < 1:
        raise PermafrostError(
            f"backbone musicnn_vgg: input of shape {tuple(input_shape)}; expected pictures (mel bands, frames) of at "
            "least 63 x 66: the weights' own are 96 x 187"
        )
    return Network(
        stem=Stem(),
        blocks=[Block(CHANNELS, *pooling, DROPOUT) for pooling in POOLING[1:]],
        pool=MeanPool(),
        head=nn.Linear(CHANNELS, classes),
        input_channels=1,
    )


def convert(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A published bundle's names and axes to ours; the layer of tags and the optimiser's numbers are left out."""
    if "1CNN/kernel" not in state:
        return state
    norm = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
    ours = {}
    for number in range(6):
        unit = "stem." if number < 2 else f"blocks.{number - 2}."
        layer = "batch_normalization" + (f"_{number}" if number else "")
        for theirs, name in norm.items():
            if f"{layer}/{theirs}" in state:
                ours[f"{unit}{'bn' if number else 'input_bn'}.{name}"] = state[f"{layer}/{theirs}"]
        if f"{number}CNN/kernel" in state:
            # Theirs has axes time, mel, in, out.
            ours[f"{unit}conv.weight"] = state[f"{number}CNN/kernel"].permute(3, 2, 1, 0).contiguous()
        if f"{number}CNN/bias" in state:
            ours[f"{unit}conv.bias"] = state[f"{number}CNN/bias"]
    return ours
