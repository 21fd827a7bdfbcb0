"""Where in its picture a network finds its answer: Grad-CAM for convolutions, integrated gradients for transformers.

Both by captum. Grad-CAM (Selvaraju et al., ICCV 2017) weighs the maps of one unit by how much the class's logit would
gain from each; it is taken at the deepest unit whose map still has cells to tell places by. A transformer's tokens are
mixed by attention from the first block on, so there the picture itself is asked: integrated gradients (Sundararajan,
Taly and Yan, ICML 2017) from a silent picture to the clip's.
"""

from dataclasses import dataclass

import torch
from captum.attr import IntegratedGradients, LayerAttribution, LayerGradCam
from torch import Tensor, nn
from torch.nn import functional as F

from permafrost.models.network import Network

CELLS = 4  # along each axis: a map of fewer tells nothing of place
STEPS = 32  # of the path that gradients are integrated along
SMOOTHING = 5  # cells: single pixels of integrated gradients are noise


@dataclass(frozen=True)
class Saliency:
    """Maps beside the pictures they belong to.

    Attributes:
        pictures: [clips, height, width]: what was looked at, log-mel.
        maps: [clips, height, width] in 0 … 1: where the answer comes from; 1 is each clip's strongest place.
        method: what the maps are, in words.
    """

    pictures: Tensor
    maps: Tensor
    method: str


def saliency(network: Network, inputs: Tensor, classes: Tensor) -> Saliency:
    """Where ``network`` sees each clip's class.

    Args:
        network: trained; it is put into evaluation mode.
        inputs: prepared, [clips, channels, height, width], [clips, chunks, channels, height, width] (whose pictures and
            maps stand side by side) or waveforms [clips, samples].
        classes: int64 [clips]: the class whose logit is explained, a clip each.

    Raises:
        PermafrostError: the network hears waveforms and makes no mel pictures of them.
    """
    network.eval()
    network.check_pictures(inputs.ndim == 2)
    with torch.no_grad():
        pictures = network.stem.picture(inputs) if inputs.ndim == 2 else inputs[..., 0, :, :]
    unit = _grad_cam_unit(network, inputs[:1])
    if unit is None:
        maps = _integrated(network, inputs, classes)
        method = "integrated gradients"
    else:
        name, module = unit
        found = LayerGradCam(network, module).attribute(inputs, target=classes, relu_attributions=True)
        maps = LayerAttribution.interpolate(found, pictures.shape[-2:], "bilinear").reshape(pictures.shape)
        method = f"Grad-CAM at {name}"
    pictures, maps = _side_by_side(pictures), _side_by_side(maps)
    highest = maps.flatten(1).amax(1).clamp(min=torch.finfo(maps.dtype).tiny)
    return Saliency(pictures.detach(), (maps / highest[:, None, None]).detach(), method)


def _grad_cam_unit(network: Network, one: Tensor) -> tuple[str, nn.Module] | None:
    """The deepest unit that gives a map of at least ``CELLS`` x ``CELLS``; None where no block gives maps."""
    chosen = None
    with torch.no_grad():
        x = one
        for place, (name, module) in enumerate(network.units.items()):
            x = network.run(x, place, place + 1)
            if place and x.ndim == (5 if network.chunks > 1 else 4) and min(x.shape[-2:]) >= CELLS:
                chosen = (name, module)
    return chosen


def _integrated(network: Network, inputs: Tensor, classes: Tensor) -> Tensor:
    """Absolute integrated gradients [clips, (chunks,) height, width], summed over channels, lightly smoothed."""
    silent = inputs.flatten(1).amin(1).reshape(-1, *[1] * (inputs.ndim - 1)).expand_as(inputs)
    found = IntegratedGradients(network).attribute(
        inputs, silent, target=classes, n_steps=STEPS, internal_batch_size=max(len(inputs), 16)
    )
    return F.avg_pool2d(found.sum(-3).abs().float(), SMOOTHING, 1, SMOOTHING // 2)


def _side_by_side(x: Tensor) -> Tensor:
    """[clips, chunks, height, width] to [clips, height, chunks x width]; without chunks as it is."""
    return x.transpose(1, 2).flatten(2) if x.ndim == 4 else x
