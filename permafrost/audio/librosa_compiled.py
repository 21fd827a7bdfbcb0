"""librosa's compiled functions, made by one process at a time.

librosa compiles with Numba when its modules are first imported and when some functions are first called (20 s), and
keeps what it made beside the modules. Numba does not lock that store: of two processes that fill it at once, each may
leave one half of a function, and from then on every process that calls it dies (numba/numba#10128). A new
installation with two processes is just that case.
"""

import functools
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


@functools.cache
def compile_once(use: Callable[[], object]) -> None:
    """Call ``use``, which calls what is to be compiled, while no other process of this user does; later calls do
    nothing. Processes forked afterwards have the functions already.

    Args:
        use: goes through all compiled functions that are needed, with arrays of the types that they will be given.
    """
    user = os.getuid() if hasattr(os, "getuid") else ""
    with FileLock(Path(tempfile.gettempdir(), f"permafrost-librosa-{user}.lock")):
        use()
