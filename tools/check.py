"""Make params.yaml and dvc.lock fit for DVC: python -m tools.check (the first and the last step of `make repro`).

Refuses parameters that DVC would walk for hours before any stage can refuse them (aliases of aliases), and restores a
dvc.lock that a kill has left empty or cut off.
"""

import sys

from permafrost.plain_yaml import read
from permafrost.provenance.lock import restore_lock
from stages.stage import PARAMS, run


def main() -> None:
    """Check the one, restore the other, and say so."""
    read(PARAMS)
    if done := restore_lock():
        print(f"warning: {done}", file=sys.stderr)


if __name__ == "__main__":
    run(main)
