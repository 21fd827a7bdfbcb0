"""A backbone as an ordered list of units; whatever knows of depth is written once against this class."""

from dataclasses import dataclass

from torch import Tensor, nn

from permafrost.errors import PermafrostError

PARTS = ("stem", "blocks", "pool", "head")  # a name of a parameter begins with one of them
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
NORMS = (*BATCH_NORMS, nn.LayerNorm, nn.GroupNorm)


@dataclass(frozen=True)
class Origin:
    """What ``building.build`` was given: enough to draw the same network again."""

    backbone: str
    input_shape: tuple[int, ...]
    classes: int
    seed: int


class Network(nn.Module):
    """``stem, block 1 … L, pool → embedding, head``.

    A unit is one step of depth that a strategy can freeze: the stem, then each block, in forward order. The pool and
    the head are not units. Parameter names begin with ``stem.``, ``blocks.<i>.``, ``pool.`` or ``head.``; note that
    ``block1`` is ``blocks.0``.

    Attributes:
        stem: float [batch, input_channels, height, width] (or [batch, samples]) to the first activations.
        blocks: the blocks; each takes what the one before gives.
        pool: the last activations to an embedding [batch, embedding_size].
        head: a linear layer, [batch, embedding_size] to logits [batch, classes].
        embedding_size: length of an embedding.
        input_channels: channels that the stem reads (1, or 3 where the weights come from colour pictures).
        origin: how it was drawn, where ``building.build`` made it.
        chunks: inputs that a clip consists of. Where there are several, inputs and activations are [batch, chunks, …],
            and embeddings are averaged over them; the head is linear, so that averages its outputs.
    """

    origin: Origin | None = None
    chunks: int = 1

    def __init__(
        self, stem: nn.Module, blocks: list[nn.Module], pool: nn.Module, head: nn.Linear, input_channels: int
    ) -> None:
        super().__init__()
        self.stem = stem
        self.blocks = nn.ModuleList(blocks)
        self.pool = pool
        self.head = head
        self.embedding_size = head.in_features
        self.input_channels = input_channels

    @property
    def units(self) -> dict[str, nn.Module]:
        """The units by name, in forward order."""
        return dict(zip(self.unit_names, [self.stem, *self.blocks], strict=True))

    @property
    def unit_names(self) -> list[str]:
        """``["stem", "block1", … "blockL"]``."""
        return ["stem", *(f"block{number}" for number in range(1, len(self.blocks) + 1))]

    @property
    def parts(self) -> dict[str, nn.Module]:
        """The units, ``pool`` and ``head`` by name, in forward order."""
        return self.units | {"pool": self.pool, "head": self.head}

    @staticmethod
    def part_of(name: str) -> str:
        """The part that a parameter, buffer or module belongs to, by its name; empty for the network's own."""
        first, _, rest = name.partition(".")
        return f"block{int(rest.partition('.')[0]) + 1}" if first == "blocks" and rest else first

    @property
    def class_token(self) -> nn.Parameter | None:
        """The learned token whose last state is the embedding (part of the stem), or None where there is none."""
        return getattr(self.stem, "class_token", None)

    def run(self, x: Tensor, start: int, stop: int) -> Tensor:
        """The activations after ``units[start:stop]``, given those before unit ``start`` (the input, for 0).

        Raises:
            IndexError: not 0 <= start <= stop <= number of units.
        """
        count = 1 + len(self.blocks)
        if not 0 <= start <= stop <= count:
            raise IndexError(f"units {start}:{stop} of {count}")
        if self.chunks > 1:
            x = x.flatten(0, 1)
        if start == 0 and stop > 0:
            x = self.stem(x)
        for index in range(max(start, 1), stop):
            x = self.blocks[index - 1](x)
        return x.unflatten(0, (-1, self.chunks)) if self.chunks > 1 else x

    def pooled(self, x: Tensor) -> Tensor:
        """The activations after the last unit to embeddings [batch, embedding_size]."""
        return self.pool(x.flatten(0, 1)).unflatten(0, (-1, self.chunks)).mean(1) if self.chunks > 1 else self.pool(x)

    def check_pictures(self, waveforms: bool) -> None:
        """Refuse to explain a network on ``waveforms`` whose stem has no ``picture``.

        Raises:
            PermafrostError: there is no mel picture to show places in.
        """
        if waveforms and not hasattr(self.stem, "picture"):
            raise PermafrostError(
                "this network hears waveforms and makes no mel picture of them, so that there is none to show places "
                "in; leave it out of study.explain"
            )

    def embed(self, x: Tensor) -> Tensor:
        """Input [batch, …] to embeddings [batch, embedding_size]."""
        return self.pooled(self.run(x, 0, 1 + len(self.blocks)))

    def forward(self, x: Tensor) -> Tensor:
        """Input [batch, …] to logits [batch, classes]."""
        return self.head(self.embed(x))
