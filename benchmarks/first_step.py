"""Run stage train up to the end of its first optimiser step, then say when that was and leave (for cell_overhead).

python -m benchmarks.first_step --model X --freeze Y --seed N
"""

import os
import sys
import time

from permafrost.transfer.fused_steps import FusedSteps
from stages.stage import run
from stages.train import main


def leave(*_: object) -> None:
    """Print the time of the system-wide clock; nothing after this step is wanted."""
    print(time.monotonic(), flush=True)
    sys.stderr.flush()
    os._exit(0)


def step_and_leave(optimiser: FusedSteps) -> None:
    """A step of our own optimisers, which have no hooks."""
    STEP(optimiser)
    leave()


STEP = FusedSteps.step

if __name__ == "__main__":
    # Here, so that a stage's own imports come first, as they do in a stage.
    from torch.optim.optimizer import register_optimizer_step_post_hook

    FusedSteps.step = step_and_leave
    register_optimizer_step_post_hook(leave)
    run(main)
