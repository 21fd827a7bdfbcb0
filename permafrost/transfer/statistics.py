"""BatchNorm statistics of frozen random units: estimated once on the training clips, before anything is trained."""

import torch

from permafrost.transfer.batches import CLEAN, InputSource
from permafrost.transfer.seeding import generator


def estimate_statistics(source: InputSource, rows: torch.Tensor, batch_size: int, seed: int) -> None:
    """Give every BatchNorm layer that will stay as it is the mean over batches of what it sees of ``rows`` [clips].

    Statistics as drawn (mean 0, variance 1) normalise nothing: activations of a random network grow from unit to unit,
    and what is trained on them compares scales, not features. Clips pass once, without augmentation, in a random order
    of the seed's own (stored ones lie sorted by class), in batches of near-equal size that count alike; each layer
    normalises a batch by the batch's own statistics, so that the next one sees normalised activations.
    """
    network, units = source.prefix.network, source.prefix.network.unit_names
    still = source.prefix.still_norms
    order = rows[torch.randperm(len(rows), generator=generator(seed, "statistics"))]
    # Clips pass as far as such a layer is.
    last = max((len(units) if name == "pool" else units.index(name) + 1 for name, _ in still), default=0)
    pooled = any(name == "pool" for name, _ in still)
    norms = [norm for _, norm in still]
    network.eval()
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's word for the cumulative average
        norm.train()
    with torch.no_grad(), source.placement.autocast():
        for batch in order.tensor_split(max(1, len(order) // batch_size)):
            x = network.run(source.prepare(source.pictures(batch, CLEAN)), 0, last)
            if pooled:
                network.pooled(x)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
