"""Heads one after another in several processes of one thread each: what is fastest on a CPU.

Heads are small enough that a second thread gains little on one of them, and their optimiser's state is large enough
that many heads stacked in one product leave the cache at every step.
"""

import itertools
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import torch
from torch import multiprocessing

from permafrost.errors import PermafrostError
from permafrost.threads import fix_threads, limited_threads
from permafrost.transfer.head_spec import Embeddings, FittedHead, HeadSpec
from permafrost.transfer.head_steps import HeadTrainer

# Starting a process and importing torch in it takes about two seconds of a core: not for less work than this.
FLOPS_WORTH_A_PROCESS = 5e11
HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"


def train_in_turn(
    data: Embeddings, specs: Sequence[HeadSpec], bf16: bool, processes: int, keep_state: bool
) -> Iterator[tuple[int, FittedHead]]:
    """Number and result of each head, as they are finished.

    Raises:
        PermafrostError: a process was killed from outside, as happens when memory runs out.
    """
    processes = min(processes, len(specs), max(1, int(work(data, specs) / FLOPS_WORTH_A_PROCESS)))
    if processes <= 1:
        with limited_threads(1):
            trainers = Trainers(data, bf16)
            for number, spec in enumerate(specs):
                yield number, trainers.fit(spec, keep_state)
        return
    yield from _in_processes(data, specs, bf16, processes, keep_state)


def work(data: Embeddings, specs: Sequence[HeadSpec]) -> float:
    """Floating-point operations of training, roughly: 6 a weight and clip."""
    total = 0.0
    for spec in specs:
        widths = [data.size, *spec.hidden, data.classes]
        weights = sum(incoming * outgoing for incoming, outgoing in itertools.pairwise(widths))
        total += 6.0 * weights * len(data.rows["train"]) * spec.epochs
    return total


class Trainers:
    """One trainer, made anew only where the next head has another shape."""

    def __init__(self, data: Embeddings, bf16: bool) -> None:
        self.data, self.bf16 = data, bf16
        self._shape: tuple | None = None
        self._trainer: HeadTrainer | None = None

    def fit(self, spec: HeadSpec, keep_state: bool) -> FittedHead:
        """Train one head."""
        shape = (spec.hidden, spec.batch_size)
        if self._trainer is None or shape != self._shape:
            self._shape, self._trainer = shape, HeadTrainer(self.data, *shape, bf16=self.bf16)
        return self._trainer.fit(spec, keep_state=keep_state)


def _in_processes(
    data: Embeddings, specs: Sequence[HeadSpec], bf16: bool, processes: int, keep_state: bool
) -> Iterator[tuple[int, FittedHead]]:
    # Not forked: a forked child must not use what OpenMP and the accelerator's driver left in its parent.
    context = multiprocessing.get_context("spawn")
    shared = Embeddings(
        _shared(data.values), _shared(data.labels), data.classes, {name: _shared(r) for name, r in data.rows.items()}
    )
    waiting = iter(enumerate(specs))
    workers: dict[Connection, BaseProcess] = {}
    try:
        for _ in range(processes):
            ours, theirs = context.Pipe()
            worker = context.Process(target=_serve, args=(theirs, shared, bf16, keep_state), daemon=True)
            with _huge_pages():
                worker.start()
            theirs.close()
            workers[ours] = worker
            _hand_out(ours, waiting)
        while workers:
            for ours in wait(list(workers)):
                try:
                    outcome = ours.recv()
                except EOFError:
                    raise PermafrostError(
                        f"one of {processes} processes that train heads was killed, perhaps because memory ran out; "
                        "free memory, or use fewer processes, and run again"
                    ) from None
                if isinstance(outcome, BaseException):
                    raise outcome
                if not _hand_out(ours, waiting):
                    workers.pop(ours).join()
                    ours.close()
                number, fitted = outcome
                if fitted.state is not None:
                    fitted.state = {name: torch.from_numpy(array) for name, array in fitted.state.items()}
                yield number, fitted
    finally:
        for worker in workers.values():
            worker.terminate()


@contextmanager
def _huge_pages() -> Iterator[None]:
    """What is started inside takes large tensors in huge pages where the system offers them: torch's own switch, read
    once by each process. A step walks 30 MB; in 4 KB pages their addresses alone cost 5 % of its time."""
    before = os.environ.get(HUGE_PAGES)
    os.environ.setdefault(HUGE_PAGES, "1")
    try:
        yield
    finally:
        if before is None:
            del os.environ[HUGE_PAGES]


def _shared(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.is_shared() else tensor.clone().share_memory_()


def _hand_out(connection: Connection, waiting: Iterator[tuple[int, HeadSpec]]) -> bool:
    """Send the next head, or the word that there is none; whether there was one."""
    following = next(waiting, None)
    connection.send(following)
    return following is not None


def _serve(connection: Connection, data: Embeddings, bf16: bool, keep_state: bool) -> None:
    """A process: train what comes until nothing comes, or until the parent is gone (which closes the connection)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group, but is for the parent to answer
    fix_threads(1)
    trainers = Trainers(data, bf16)
    try:
        while (following := connection.recv()) is not None:
            number, spec = following
            fitted = trainers.fit(spec, keep_state)
            if fitted.state is not None:
                # As arrays: a tensor is handed over as an open file, and a thousand heads have more than are allowed.
                fitted.state = {name: tensor.numpy() for name, tensor in fitted.state.items()}
            connection.send((number, fitted))
    except (EOFError, BrokenPipeError):
        return
    except Exception as error:
        connection.send(error)
