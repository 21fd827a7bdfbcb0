"""The training loop: phase after phase, everything after the frozen prefix, best epoch chosen on validation."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
import torch

from permafrost import catalogue
from permafrost.errors import PermafrostError
from permafrost.evaluation.scores import scores
from permafrost.models.network import Network
from permafrost.strategies.phase import Phase
from permafrost.transfer.batches import CLEAN, Source, in_batches
from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.device import Placement
from permafrost.transfer.epochs import better
from permafrost.transfer.examples import Examples
from permafrost.transfer.freezing import FrozenPrefix
from permafrost.transfer.optimisation import Schedule, make_optimiser, set_rates
from permafrost.transfer.recipe import Training
from permafrost.transfer.seeding import generator, stream_seed


class DivergedError(PermafrostError):
    """Training whose loss or outputs are no longer finite."""


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


Report = Callable[[dict[str, float]], None]
OpenSource = Callable[[int, FrozenPrefix], Source]
MEASURED = 5  # batches over which relative gradients are measured, as published


class Trainer:
    """Trains a network through the phases of a strategy, at one rate."""

    def __init__(
        self,
        network: Network,
        phases: Sequence[Phase],
        open_source: OpenSource,
        examples: Examples,
        settings: Training,
        placement: Placement,
        seed: int,
        compile_mode: str = "none",
    ) -> None:
        """``open_source``: of batches for a phase, by its number and prefix; ``settings.lr`` is one rate."""
        self.network, self.phases, self.open_source = network, phases, open_source
        self.settings, self.placement, self.seed = settings, placement, seed
        self.examples, self.compile_mode = examples, compile_mode
        self.objective = catalogue.load("objectives", settings.objective, "objective")
        labels, train = examples.labels, examples.rows["train"]
        self.labels = labels.to(placement.device)
        self.targets = self.objective.targets(labels, train, len(examples.classes), settings).to(placement.device)
        named = dict(network.named_parameters())
        learning = {name for phase in phases for name in phase.scales}
        # What an epoch can change: parameters that learn in some phase, and buffers such as BatchNorm statistics.
        self.changing = {name: p for name, p in named.items() if name in learning} | dict(network.named_buffers())
        pulled = any(phase.pull for phase in phases)
        self.anchors = {
            name: named[name].detach().clone() for name in learning if pulled and network.part_of(name) != "head"
        }
        self.schedule = Schedule(settings, settings.lr)
        self._begin(0)

    def fit(self, checkpoint: Checkpoint | None = None, report: Report | None = None) -> Fitted:
        """Train to the last epoch or until patience runs out, then put the best epoch's weights back.

        Args:
            checkpoint: continue from what it holds, and keep it up to date.
            report: called after each epoch with its row of the history.

        Raises:
            DivergedError: the training loss is no longer finite.
        """
        fitted, best = Fitted(), self.snapshot()
        saved = checkpoint.load(self.placement.device) if checkpoint else None
        if saved is not None:
            fitted, best = self._restore(saved)
        for epoch in range(len(fitted.history), self.settings.epochs):
            if self._patience_over(fitted):
                break
            if (number := self._phase_of(epoch)) != self.number:
                self._begin(number)
            began = time.perf_counter()
            row = self._epoch(epoch)
            fitted.epoch_seconds.append(time.perf_counter() - began)
            if better(self.settings.select, row, fitted.best_row):
                fitted.best_epoch, best = epoch + 1, self.snapshot()
            fitted.history.append(row)
            if checkpoint and checkpoint.due() and epoch + 1 < self.settings.epochs:
                checkpoint.save(self._state(fitted, best))
            if report:
                report(row)
        self.adopt(fitted, best)
        return fitted

    def adopt(self, fitted: Fitted, snapshot: dict[str, torch.Tensor]) -> None:
        """Put the weights of ``snapshot``, those of the best epoch of ``fitted``, into the network."""
        self._load(snapshot)
        if (number := self._phase_of(max(fitted.best_epoch, 1) - 1)) != self.number:
            self._begin(number)

    def snapshot(self) -> dict[str, torch.Tensor]:
        """A copy of all that training can change."""
        return {name: tensor.detach().clone() for name, tensor in self.changing.items()}

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

    def _begin(self, number: int) -> None:
        """Go over to a phase: what learns takes gradients, the optimiser begins anew, the prefix is computed."""
        self.number, phase = number, self.phases[number]
        self.prefix = FrozenPrefix(self.network, phase)
        self.source = self.open_source(number, self.prefix)
        self.learning = {name: p for name, p in self.network.named_parameters() if name in phase.scales}
        scaled = {parameter: phase.scales[name] for name, parameter in self.learning.items()}
        self.optimiser = make_optimiser(scaled, self.settings, apart=phase.rescale is not None)
        self.rest = self.prefix.rest
        if self.compile_mode != "none":
            mode = "reduce-overhead" if self.compile_mode == "graphs" else self.compile_mode
            self.rest = torch.compile(self.prefix.rest, mode=mode)

    def _phase_of(self, epoch: int) -> int:
        ends = accumulate(phase.epochs for phase in self.phases)
        return next(number for number, end in enumerate(ends) if epoch < end)

    def _epoch(self, epoch: int) -> dict[str, float]:
        """One pass over the training clips. Nothing waits for the device until the pass is over."""
        settings, device = self.settings, self.placement.device
        train = self.examples.rows["train"]
        order = train[torch.randperm(len(train), generator=generator(self.seed, "order", epoch))]
        torch.manual_seed(stream_seed(self.seed, "dropout", epoch))
        batches = list(in_batches(order, settings.batch_size))
        if self.phases[self.number].rescale is not None:
            self._rescale(batches[:MEASURED], epoch)
        rate = self.schedule.rate(epoch)
        set_rates(self.optimiser, rate)
        self.prefix.train_mode()
        loss_sum = torch.zeros((), device=device)
        correct = torch.zeros((), dtype=torch.long, device=device)
        for rows in batches:
            logits, loss = self._loss(rows, epoch)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            if self.phases[self.number].pull:
                self._pull(self.phases[self.number].pull)
            if settings.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(self.learning.values(), settings.clip_norm)
            self.optimiser.step()
            loss_sum += loss.detach() * len(rows)
            correct += (logits.detach().argmax(dim=1) == self.labels[rows.to(device)]).sum()
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

    def _loss(self, rows: torch.Tensor, epoch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits [B, classes] of ``rows`` and the objective's mean over them."""
        with self.placement.autocast():
            logits = self.rest(self.source.batch(rows, epoch)).float()
        return logits, self.objective.loss(logits, self.targets[rows.to(self.placement.device)], self.settings)

    def _pull(self, strength: float) -> None:
        """Add the gradient of L2-SP, ``strength`` · (θ − θ₀), to the body's parameters that learn."""
        names = [name for name in self.learning if name in self.anchors]
        with torch.no_grad():
            away = torch._foreach_sub([self.learning[n] for n in names], [self.anchors[n] for n in names])
            torch._foreach_mul_(away, strength)
            torch._foreach_add_([self.learning[n].grad for n in names], away)

    def _rescale(self, batches: list[torch.Tensor], epoch: int) -> None:
        """Set each parameter's scale by its relative gradient norm, the mean over ``batches``, as in evaluation."""
        self.network.eval()
        sums = dict.fromkeys(self.learning, 0.0)
        for rows in batches:
            self.optimiser.zero_grad(set_to_none=True)
            self._loss(rows, epoch)[1].backward()
            for name, parameter in self.learning.items():
                ratio = parameter.grad.norm() / parameter.detach().norm()
                sums[name] += ratio.nan_to_num(0.0, posinf=math.inf).item() / len(batches)
        scales = self.phases[self.number].rescale(sums)
        names = {parameter: name for name, parameter in self.learning.items()}
        for group in self.optimiser.param_groups:
            group["scale"] = scales[names[group["params"][0]]]

    def _diverged(self, seen: str) -> DivergedError:
        return DivergedError(
            f"{seen}: training diverged; lower lr (now {self.settings.lr}), set clip_norm, or use precision fp32"
        )

    def _patience_over(self, fitted: Fitted) -> bool:
        patience = self.settings.patience
        return patience is not None and len(fitted.history) - fitted.best_epoch >= patience

    def _load(self, snapshot: dict[str, torch.Tensor]) -> None:
        with torch.no_grad():
            for name, tensor in self.changing.items():
                tensor.copy_(snapshot[name])

    def _state(self, fitted: Fitted, best: dict[str, torch.Tensor]) -> dict[str, Any]:
        return {
            "fitted": vars(fitted),
            "best": best,
            "weights": self.snapshot(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state(),
        }

    def _restore(self, saved: dict[str, Any]) -> tuple[Fitted, dict[str, torch.Tensor]]:
        fitted = Fitted(**saved["fitted"])
        self._load(saved["weights"])
        done = len(fitted.history)
        self._begin(self._phase_of(done - 1))
        # A phase that comes next begins with an optimiser of its own.
        self.optimiser.load_state_dict(saved["optimiser"])
        self.schedule.load_state(saved["schedule"])
        return fitted, saved["best"]
