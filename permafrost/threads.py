"""How many threads the numerical libraries use: a given number, whatever OMP_NUM_THREADS or the machine's cores say.

A sum that is split between threads is rounded otherwise in its last bits, and training carries those into every number.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import threadpoolctl

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def fix_threads(number: int) -> None:
    """Use ``number`` threads from here on, in libraries that are loaded later too."""
    os.environ |= dict.fromkeys(VARIABLES, str(number))
    threadpoolctl.threadpool_limits(number)
    if torch := sys.modules.get("torch"):  # who has not loaded it does not pay for it
        torch.set_num_threads(number)


@contextmanager
def limited_threads(number: int) -> Iterator[None]:
    """Use ``number`` threads inside, in the libraries that are loaded."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    with threadpoolctl.threadpool_limits(number):
        try:
            if torch:
                torch.set_num_threads(number)
            yield
        finally:
            if torch:
                torch.set_num_threads(before)
