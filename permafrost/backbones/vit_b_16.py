"""torchvision's ViT-B/16 (Dosovitskiy et al. 2021) as a stem and 12 encoder blocks: its modules, wrapped."""

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.vision_transformer import VisionTransformer

from permafrost.errors import PermafrostError
from permafrost.models.network import Network

PATCH = 16  # pixels
WEIGHTS = torchvision.models.ViT_B_16_Weights  # what `torchvision:NAME` of a recipe refers to


class PatchStem(nn.Module):
    """Patches to tokens, the class token put first, the position embedding added."""

    def __init__(self, whole: VisionTransformer) -> None:
        super().__init__()
        self.conv_proj = whole.conv_proj
        self.class_token = whole.class_token
        self.pos_embedding = whole.encoder.pos_embedding
        self.dropout = whole.encoder.dropout

    def forward(self, x: Tensor) -> Tensor:
        """[batch, 3, size, size] to [batch, 1 + patches, 768]."""
        tokens = self.conv_proj(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(len(x), -1, -1), tokens], dim=1)
        return self.dropout(tokens + self.pos_embedding)


class ClassTokenPool(nn.Module):
    """The class token's last state, normalised."""

    def __init__(self, norm: nn.LayerNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        """[batch, 1 + patches, 768] to [batch, 768]."""
        # The norm works on each token by itself: the others need none.
        return self.norm(x[:, 0])


def build(input_shape: tuple[int, ...], classes: int) -> Network:
    """ViT-B/16 for square pictures of ``input_shape`` = (size, size), drawn from the global generator.

    torchvision's published weights are for 224 x 224: others have another position embedding.

    Raises:
        PermafrostError: the input is not a square of whole patches.
    """
    if len(input_shape) != 2 or input_shape[0] != input_shape[1] or input_shape[0] % PATCH:
        raise PermafrostError(
            f"backbone vit_b_16: input of shape {input_shape}; expected a square whose side is a multiple of {PATCH}: "
            "set input.size to [224, 224], the size of the published weights"
        )
    whole = torchvision.models.vit_b_16(weights=None, num_classes=classes, image_size=input_shape[0])
    return Network(
        stem=PatchStem(whole),
        blocks=list(whole.encoder.layers),
        pool=ClassTokenPool(whole.encoder.ln),
        head=whole.heads.head,
        input_channels=3,
    )


def convert(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Torchvision's names (``encoder.layers.encoder_layer_3.ln_1.weight``) to ours, the head included."""
    return {_ours(name): tensor for name, tensor in state.items()}


def _ours(name: str) -> str:
    for theirs, ours in {
        "conv_proj.": "stem.conv_proj.",
        "class_token": "stem.class_token",
        "encoder.pos_embedding": "stem.pos_embedding",
        "encoder.layers.encoder_layer_": "blocks.",
        "encoder.ln.": "pool.norm.",
        "heads.head.": "head.",
    }.items():
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return name
