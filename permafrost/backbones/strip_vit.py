"""A small transformer over time strips, for CPUs: 12 pre-norm blocks, mean pooling, no class token.

Nobody publishes weights for it. It is drawn at random: a quick network of a ViT's kind, for training from scratch and
for tests of what such networks need (tokens, LayerNorm, attention) in seconds.

A token is a strip of all mel bands by ``STRIP`` frames. On small data such tokens, pooled by their mean, are worth
several points over square patches with a class token. Blocks are those of Dosovitskiy et al. 2021 (pre-norm, GELU);
positions are the fixed sinusoids of Vaswani et al. 2017, so that weights fit clips of any length.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from permafrost.errors import PermafrostError
from permafrost.models.network import Network

DEPTH = 12
WIDTH = 64
HEADS = 4
MLP_RATIO = 2
STRIP = 16  # frames: 0.37 s at a hop of 512 and 22.05 kHz; strips of 8 cost twice as much and learn no better
CENTRE, SPREAD = 0.5, 0.25  # of pictures in [0, 1]; without them the stem's norm sees little but their mean


class StripStem(nn.Module):
    """Log-mel pictures [batch, 1, mels, frames] in [0, 1] to tokens [batch, strips, WIDTH]."""

    def __init__(self, mels: int, frames: int) -> None:
        super().__init__()
        self.strips = math.ceil(frames / STRIP)
        self.embedding = nn.Linear(mels * STRIP, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        # Not in the state dict: it follows from the input's length alone.
        self.register_buffer("positions", sinusoids(self.strips, WIDTH), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, 1, mels, frames] to [batch, strips, WIDTH]; the last strip is filled up with zeros (silence)."""
        batch, _, mels, frames = x.shape
        x = (F.pad(x[:, 0], (0, self.strips * STRIP - frames)) - CENTRE) / SPREAD
        x = x.reshape(batch, mels, self.strips, STRIP).transpose(1, 2).reshape(batch, self.strips, mels * STRIP)
        return self.norm(self.embedding(x)) + self.positions


class StripBlock(nn.Module):
    """Self-attention and a two-layer perceptron, each on a normalised copy and added back."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.projection = nn.Linear(WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.expand = nn.Linear(WIDTH, MLP_RATIO * WIDTH)
        self.contract = nn.Linear(MLP_RATIO * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, strips, WIDTH] to the same shape."""
        batch, strips, width = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(batch, strips, 3, HEADS, width // HEADS)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value)
        x = x + self.projection(attended.transpose(1, 2).reshape(batch, strips, width))
        return x + self.contract(F.gelu(self.expand(self.norm2(x))))


class StripPool(nn.Module):
    """The normalised tokens' mean over time."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, strips, WIDTH] to [batch, WIDTH]."""
        return self.norm(x).mean(dim=1)


def build(input_shape: tuple[int, ...], classes: int) -> Network:
    """A strip transformer for log-mel pictures of ``input_shape`` = (mels, frames), drawn from the global generator.

    Raises:
        PermafrostError: the input is not a picture.
    """
    if len(input_shape) != 2:
        raise PermafrostError(f"backbone strip_vit: input of shape {input_shape}; expected (mels, frames): kind logmel")
    mels, frames = input_shape
    network = Network(
        stem=StripStem(mels, frames),
        blocks=[StripBlock() for _ in range(DEPTH)],
        pool=StripPool(),
        head=nn.Linear(WIDTH, classes),
        input_channels=1,
    )
    for module in [*network.stem.modules(), *network.blocks.modules()]:
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    return network


def sinusoids(positions: int, width: int) -> Tensor:
    """Sines and cosines of ``positions`` steps at ``width / 2`` wavelengths from 2 pi to 10,000 x 2 pi steps.

    Returns:
        float32 [positions, width].
    """
    frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angle = torch.arange(positions)[:, None] * frequency
    return torch.stack([angle.sin(), angle.cos()], dim=-1).reshape(positions, width)
