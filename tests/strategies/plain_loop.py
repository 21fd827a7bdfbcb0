"""The plain loop: what a strategy means, in torch's own words, without caches, checkpoints or written-out kernels."""

import torch
from torch.nn import functional as F

from permafrost.models.building import build
from permafrost.models.network import BATCH_NORMS
from permafrost.transfer.device import choose_placement
from permafrost.transfer.epochs import epoch_rate
from permafrost.transfer.seeding import generator, stream_seed


def plain_loop(cell):
    """The network after every epoch of ``cell`` (adamw or sgd, the last epoch kept), trained on all of its inputs."""
    s, examples = cell.training, cell.examples
    network = build(cell.backbone, examples.inputs.shape[1:], len(examples.classes), cell.seed)
    network.load_state_dict(cell.base[0] | cell.earlier[0] if cell.earlier else cell.base[0], strict=False)
    phases = cell.strategy.phases(network, s.epochs)
    layout = torch.channels_last if choose_placement(cell.runtime, cell.machine, network).channels_last else None
    network.to(memory_format=layout or torch.preserve_format)
    start = {name: p.detach().clone() for name, p in network.named_parameters()}
    pictures = torch.from_numpy(examples.inputs)[:, None].expand(-1, network.input_channels, -1, -1)
    pictures = pictures.contiguous(memory_format=layout or torch.contiguous_format)
    done = 0
    for phase in phases:
        learning = {name: p for name, p in network.named_parameters() if name in phase.scales}
        network.requires_grad_(False)
        groups = [{"params": [p.requires_grad_()], "name": name} for name, p in learning.items()]
        common = {"weight_decay": s.weight_decay, "fused": True, "lr": 0.0}
        if s.optimiser == "sgd":
            optimiser = torch.optim.SGD(groups, momentum=s.momentum, **common)
        else:
            optimiser = torch.optim.AdamW(groups, **common)
        for epoch in range(done, done + phase.epochs):
            scales = phase.scales
            if phase.rescale:
                scales = phase.rescale(relative_gradients(network, learning, cell, pictures, epoch))
            rate = epoch_rate(s.lr, s.schedule, s.epochs, s.warmup_epochs, epoch)
            for group in optimiser.param_groups:
                group["lr"] = rate * scales[group["name"]]
            torch.manual_seed(stream_seed(cell.seed, "dropout", epoch))
            for name, part in network.parts.items():
                part.train(name == "head" or name in phase.active)
                for norm in part.modules():
                    if isinstance(norm, BATCH_NORMS) and not phase.moving:
                        norm.eval()
            for rows in batches(cell, epoch):
                optimiser.zero_grad()
                F.cross_entropy(network(pictures[rows]), examples.labels[rows]).backward()
                for name, p in learning.items():
                    if phase.pull and not name.startswith("head."):
                        p.grad += phase.pull * (p.detach() - start[name])
                optimiser.step()
        done += phase.epochs
    return network.eval()


def batches(cell, epoch):
    train = cell.examples.rows["train"]
    return train[torch.randperm(len(train), generator=generator(cell.seed, "order", epoch))].split(
        cell.training.batch_size
    )


def relative_gradients(network, learning, cell, pictures, epoch):
    """‖∇‖ / ‖θ‖ of each parameter, the mean over five batches, in evaluation mode."""
    network.eval()
    sums = dict.fromkeys(learning, 0.0)
    for rows in batches(cell, epoch)[:5]:
        loss = F.cross_entropy(network(pictures[rows]), cell.examples.labels[rows])
        for (name, p), gradient in zip(learning.items(), torch.autograd.grad(loss, learning.values()), strict=True):
            sums[name] += (gradient.norm() / p.detach().norm()).nan_to_num(0.0, posinf=torch.inf).item() / 5
    return sums
