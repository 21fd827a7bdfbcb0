"""Work over many clips in a pool of processes: one process a core, one thread a process."""

import ctypes
import itertools
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from permafrost.errors import PermafrostError
from permafrost.progress import progress
from permafrost.threads import fix_threads, limited_threads

Result = TypeVar("Result")
Task = Callable[[int], Result]

WORKERS = "PERMAFROST_WORKERS"
CLIPS_PER_CHUNK = 16  # what a process takes at a time: enough that handing over costs nothing, few enough to share out
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # as malloc.h numbers them
KEPT, TOP_PAD = 1 << 30, 1 << 24  # bytes
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)

_held: list[int] = []
_task: Task[Any] | None = None


def default_workers() -> int:
    """The number of cores that this process may use, or ``$PERMAFROST_WORKERS``."""
    given = os.environ.get(WORKERS, "")
    if not given:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not given.isdecimal() or int(given) < 1:
        raise PermafrostError(f"{WORKERS}: got {given!r}, expected a number of processes, 1 or more; mend or unset it")
    return int(given)


def spread(
    build: Callable[..., Task[Result]], arguments: tuple[Any, ...], count: int, label: str, workers: int | None = None
) -> list[Result]:
    """``task(0) … task(count - 1)`` in order, where each process makes its own ``task = build(*arguments)`` once.

    Args:
        build: a function of a module (it is sent by name).
        arguments: what ``build`` is called with.
        count: how many clips there are.
        label: for the progress shown.
        workers: processes; by default one a core. With one, everything happens in this process.

    Raises:
        PermafrostError: a process was killed from outside, as happens when memory runs out.
    """
    chunks = [range(start, min(start + CLIPS_PER_CHUNK, count)) for start in range(0, count, CLIPS_PER_CHUNK)]
    workers = min(workers or default_workers(), len(chunks))
    if workers <= 1:
        # One thread here too: a product that is split between threads can differ in its last bit.
        keep_freed_memory()
        with limited_threads(1):
            return _collect(map(build(*arguments), range(count)), count, label)
    # Forked processes have the imports already; elsewhere than on Linux forking is not safe beside system libraries.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(workers, context, _begin, (os.getpid(), build, arguments))
    try:
        with _interruptions_held():
            results = pool.map(_run, chunks)
        return _collect(itertools.chain.from_iterable(results), count, label)
    except BrokenProcessPool:
        raise PermafrostError(
            f"{label}: one of {workers} processes was killed, perhaps because memory ran out; free memory, or set "
            f"{WORKERS} to a smaller number, and run again"
        ) from None
    except BaseException:
        # Interrupted or failed: nobody waits for the rest, least of all for a file on a disk that does not answer.
        for process in multiprocessing.active_children():
            if process not in others:
                process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _collect(results: Iterable[Result], count: int, label: str) -> list[Result]:
    return list(progress(results, count, label))


@contextmanager
def _interruptions_held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait: while processes are being forked, Python can lose the exception that they raise.
    (Blocking them does not do: one of the linear algebra library's threads would take them.)"""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _held.clear()
    before = {number: signal.signal(number, lambda number, _: _held.append(number)) for number in INTERRUPTIONS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in _held:
            signal.raise_signal(number)


def keep_freed_memory() -> None:
    """Tell glibc to keep what is freed for what is asked for next; elsewhere nothing happens.

    With each clip NumPy asks for the same arrays of a megabyte again. Given back to the system and fetched anew, their
    pages cost a third of the time of rendering (see benchmarks/RESULTS.md); kept, they are the memory of one clip.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    for setting, size in ((M_MMAP_THRESHOLD, KEPT), (M_TRIM_THRESHOLD, KEPT), (M_TOP_PAD, TOP_PAD)):
        mallopt(setting, size)


def _begin(parent: int, build: Callable[..., Task[Any]], arguments: tuple[Any, ...]) -> None:
    global _task
    # Ctrl-C goes to the whole group, but is for the parent to answer; a stage's own handler for SIGTERM is not ours.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if signal.SIGTERM in _held:  # came before the line above
        os._exit(1)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    fix_threads(1)  # the cores are shared out between processes already
    keep_freed_memory()
    _task = build(*arguments)


def _end_with(parent: int) -> None:
    """A pool's processes wait for work for ever when the parent is killed: leave with it."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _run(clips: range) -> list[Any]:
    assert _task is not None
    return [_task(clip) for clip in clips]
