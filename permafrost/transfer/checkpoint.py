"""Where a killed cell continues: one file, replaced as a whole, outside everything that DVC records."""

import os
import pickle
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import torch


class Checkpoint:
    """The state of one unfinished cell, in ``folder``.

    The folder's name must be a hash of everything that the cell depends on: a checkpoint found there then belongs to
    exactly this cell. ``remove`` deletes it when the cell's results are written.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        """``seconds``: least time between two writes, so that short cells do not spend their time on checkpoints."""
        self.folder = folder
        self.path = folder / "state.pt"
        self.seconds = seconds
        self._written = time.monotonic()

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The state last written, or None; an unreadable file (a disk that filled up) is put aside with a warning."""
        if not self.path.exists():
            return None
        try:
            return torch.load(self.path, map_location=device, weights_only=True)
        except (RuntimeError, OSError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
            print(f"warning: {self.path} cannot be read ({error}); the cell starts anew", file=sys.stderr)
            self.path.unlink()
            return None

    def due(self) -> bool:
        """Whether enough time has passed since the last write."""
        return time.monotonic() - self._written >= self.seconds

    def save(self, state: dict[str, Any]) -> None:
        """Write ``state`` (tensors and plain values); a kill at any moment leaves the old file or the new one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        with open(partial, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.path)
        self._written = time.monotonic()

    def remove(self) -> None:
        """Delete the checkpoint and its folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
