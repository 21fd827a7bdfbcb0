"""A grid of learning rates within a run: train at each, keep the one that is best on validation."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch

from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.head_cell import fit_head, head_alone
from permafrost.transfer.trainer import DivergedError, Fitted, Report, Trainer


@dataclass(frozen=True)
class Tried:
    """What one rate gave: the validation scores of its best epoch; none where it diverged."""

    lr: float
    valid_accuracy: float | None = None
    valid_loss: float | None = None
    best_epoch: int | None = None

    def better_than(self, other: "Tried | None", select: str) -> bool:
        """Whether it is kept instead of ``other``, a smaller rate: equal validation goes to the smaller one."""
        if self.best_epoch is None or other is None or other.best_epoch is None:
            return self.best_epoch is not None
        if select == "loss":
            return self.valid_loss < other.valid_loss
        return self.valid_accuracy > other.valid_accuracy


def fit_rates(
    make_trainer: Callable[[float], Trainer],
    rates: tuple[float, ...],
    select: str,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
    report: Report | None = None,
) -> tuple[Trainer, Fitted, list[Tried]]:
    """Train at each of ``rates`` (the smallest first); the network is left with the weights of the best.

    Args:
        make_trainer: one at a rate, with the network as it is before training.
        rates: one is trained without ado, and its divergence is an error.
        device: where training is; a checkpoint's tensors go there.
        checkpoint: continue from what it holds, and keep it up to date.
        report: called after each epoch with its row of the history.
        select: what the best epoch was chosen by; ``loss`` chooses rates by it too, all else by accuracy.

    Raises:
        DivergedError: at every rate.
    """
    tried: list[Tried] = []
    best: tuple[Tried, Fitted, dict[str, torch.Tensor]] | None = None
    progress = _Progress(checkpoint) if checkpoint else None
    saved = progress.read(device) if progress else None
    if saved is not None:
        tried = [Tried(**values) for values in saved["tried"]]
        if saved["best"]:
            best = Tried(**saved["best"]["tried"]), Fitted(**saved["best"]["fitted"]), saved["best"]["weights"]
    for lr in rates[len(tried) :]:
        trainer = make_trainer(lr)
        if progress:
            progress.earlier = _plain(tried, best)
        try:
            fitted = fit_head(trainer, report) if head_alone(trainer) else trainer.fit(progress, report)
        except DivergedError:
            if len(tried) + 1 == len(rates) and best is None:
                raise
            tried.append(Tried(lr))
            continue
        row = fitted.best_row
        found = Tried(lr, row["valid_accuracy"], row["valid_loss"], fitted.best_epoch)
        tried.append(found)
        if found.better_than(best[0] if best else None, select):
            best = found, fitted, trainer.snapshot()
    found, fitted, weights = best
    if len(rates) > 1:
        trainer = make_trainer(found.lr)
        trainer.adopt(fitted, weights)
    return trainer, fitted, tried


def _plain(tried: list[Tried], best: Any) -> dict[str, Any]:
    """What is known of earlier rates, as plain values and tensors."""
    kept = {"tried": asdict(best[0]), "fitted": vars(best[1]), "weights": best[2]} if best else None
    return {"tried": [asdict(one) for one in tried], "best": kept}


class _Progress:
    """The checkpoint of the rate that is being trained, with what is known of those before it."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.earlier: dict[str, Any] = {}
        self._state: dict[str, Any] | None = None

    def read(self, device: torch.device) -> dict[str, Any] | None:
        """What is known of rates before the interrupted one, which ``load`` then gives."""
        saved = self.checkpoint.load(device)
        if saved is None:
            return None
        self._state = saved.pop("state")
        return saved

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The interrupted training, once."""
        state, self._state = self._state, None
        return state

    def due(self) -> bool:
        return self.checkpoint.due()

    def save(self, state: dict[str, Any]) -> None:
        self.checkpoint.save({"state": state, **self.earlier})
