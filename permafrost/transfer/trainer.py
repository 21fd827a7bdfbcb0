"""The training loop of one cell: everything after the frozen prefix, best epoch chosen on validation."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from permafrost import catalogue
from permafrost.errors import PermafrostError
from permafrost.evaluation.scores import scores
from permafrost.transfer.batches import CLEAN, Source, in_batches
from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.device import Placement
from permafrost.transfer.epochs import better
from permafrost.transfer.examples import Examples
from permafrost.transfer.freezing import FrozenPrefix
from permafrost.transfer.optimisation import Schedule, make_optimiser
from permafrost.transfer.recipe import Training
from permafrost.transfer.seeding import generator, stream_seed


@dataclass
class Fitted:
    """What training left: the network holds the best epoch's weights; here is how it got there."""

    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    epoch_seconds: list[float] = field(default_factory=list)

    @property
    def best_row(self) -> dict[str, float] | None:
        """The history's row of the best epoch so far, None before the first."""
        return self.history[self.best_epoch - 1] if self.best_epoch else None


class Trainer:
    """Trains the unfrozen part of one network on one source of batches."""

    def __init__(
        self,
        prefix: FrozenPrefix,
        source: Source,
        examples: Examples,
        settings: Training,
        placement: Placement,
        seed: int,
        compile_mode: str = "none",
    ) -> None:
        self.prefix, self.source, self.examples = prefix, source, examples
        self.settings, self.placement, self.seed = settings, placement, seed
        self.network = prefix.network
        self.labels = examples.labels.to(placement.device)
        self.objective = catalogue.load("objectives", settings.objective, "objective")
        self.targets = self.objective.targets(
            self.labels, examples.rows["train"].to(placement.device), len(examples.classes), settings
        )
        trained = {name: p for name, p in self.network.named_parameters() if p.requires_grad}
        self.parameters = list(trained.values())
        # What an epoch can change: trained parameters, and buffers such as BatchNorm statistics.
        self.changing = trained | dict(self.network.named_buffers())
        self.optimiser = make_optimiser(self.parameters, settings)
        self.schedule = Schedule(self.optimiser, settings)
        self.rest = prefix.rest
        if compile_mode != "none":
            mode = "reduce-overhead" if compile_mode == "graphs" else compile_mode
            self.rest = torch.compile(prefix.rest, mode=mode)

    def fit(self, checkpoint: Checkpoint | None = None, report: Any = None) -> Fitted:
        """Train to the last epoch or until patience runs out, then put the best epoch's weights back.

        Args:
            checkpoint: continue from what it holds, and keep it up to date.
            report: called after each epoch with its row of the history.

        Raises:
            PermafrostError: the training loss is no longer finite.
        """
        fitted, best, start = Fitted(), self._snapshot(), 0
        saved = checkpoint.load(self.placement.device) if checkpoint else None
        if saved is not None:
            fitted, best, start = self._restore(saved)
        for epoch in range(start, self.settings.epochs):
            if self._patience_over(fitted):
                break
            began = time.perf_counter()
            row = self._epoch(epoch)
            fitted.epoch_seconds.append(time.perf_counter() - began)
            if better(self.settings.select, row, fitted.best_row):
                fitted.best_epoch, best = epoch + 1, self._snapshot()
            fitted.history.append(row)
            if checkpoint and checkpoint.due() and epoch + 1 < self.settings.epochs:
                checkpoint.save(self._state(fitted, best))
            if report:
                report(row)
        self._load(best)
        return fitted

    def probabilities(self, subset: str) -> np.ndarray:
        """Class probabilities [clips, classes] float64 of ``subset`` with the weights as they are."""
        self.network.eval()
        outputs = []
        with torch.no_grad(), self.placement.autocast():
            # No more inputs at a time than in training, in however many chunks a clip is evaluated.
            for rows in in_batches(self.examples.rows[subset], max(1, self.settings.batch_size // self.source.chunks)):
                outputs.append(self.rest(self.source.batch(rows, CLEAN)).float())
        logits = torch.cat(outputs).cpu().double()
        if not logits.isfinite().all():
            raise self._diverged(f"the outputs on {subset!r} are no longer finite")
        # In float64 on the host: stored probabilities then sum to one, whatever the precision of training.
        return self.objective.probabilities(logits).unflatten(0, (-1, self.source.chunks)).mean(dim=1).numpy()

    def evaluate(self, subset: str) -> dict[str, float]:
        """Accuracy, macro F1 and log loss of ``subset``."""
        return scores(self.examples.labels[self.examples.rows[subset]].numpy(), self.probabilities(subset))

    def _epoch(self, epoch: int) -> dict[str, float]:
        """One pass over the training clips. Nothing waits for the device until the pass is over."""
        settings, device = self.settings, self.placement.device
        rate = self.schedule.begin_epoch(epoch)
        train = self.examples.rows["train"]
        order = train[torch.randperm(len(train), generator=generator(self.seed, "order", epoch))]
        torch.manual_seed(stream_seed(self.seed, "dropout", epoch))
        self.prefix.train_mode()
        loss_sum = torch.zeros((), device=device)
        correct = torch.zeros((), dtype=torch.long, device=device)
        for rows in in_batches(order, settings.batch_size):
            places = rows.to(device)
            with self.placement.autocast():
                logits = self.rest(self.source.batch(rows, epoch)).float()
            loss = self.objective.loss(logits, self.targets[places], settings)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            if settings.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(self.parameters, settings.clip_norm)
            self.optimiser.step()
            loss_sum += loss.detach() * len(rows)
            correct += (logits.detach().argmax(dim=1) == self.labels[places]).sum()
        train_loss = loss_sum.item() / len(train)
        if not math.isfinite(train_loss):
            raise self._diverged(f"the training loss is {train_loss} in epoch {epoch + 1}")
        valid = self.evaluate("valid")
        self.schedule.end_epoch(epoch, valid["loss"])
        return {
            "epoch": epoch + 1,
            "train_loss": train_loss,
            "train_accuracy": correct.item() / len(train),
            "valid_loss": valid["loss"],
            "valid_accuracy": valid["accuracy"],
            "lr": rate,
        }

    def _diverged(self, seen: str) -> PermafrostError:
        return PermafrostError(
            f"{seen}: training diverged; lower lr (now {self.settings.lr}), set clip_norm, or use precision fp32"
        )

    def _patience_over(self, fitted: Fitted) -> bool:
        patience = self.settings.patience
        return patience is not None and len(fitted.history) - fitted.best_epoch >= patience

    def _snapshot(self) -> dict[str, torch.Tensor]:
        return {name: tensor.detach().clone() for name, tensor in self.changing.items()}

    def _load(self, snapshot: dict[str, torch.Tensor]) -> None:
        with torch.no_grad():
            for name, tensor in self.changing.items():
                tensor.copy_(snapshot[name])

    def _state(self, fitted: Fitted, best: dict[str, torch.Tensor]) -> dict[str, Any]:
        return {
            "fitted": vars(fitted),
            "best": best,
            "weights": self._snapshot(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state(),
        }

    def _restore(self, saved: dict[str, Any]) -> tuple[Fitted, dict[str, torch.Tensor], int]:
        fitted = Fitted(**saved["fitted"])
        self._load(saved["weights"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.schedule.load_state(saved["schedule"])
        return fitted, saved["best"], len(fitted.history)
