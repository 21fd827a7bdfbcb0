"""Stage fetch: put the data set's recordings into data/raw, unless they are read from a folder of the user's own."""

from pathlib import Path

from permafrost.data.dataset import RAW_FOLDER, Origin
from permafrost.data.sources import fetch
from stages.stage import part, run


def main() -> None:
    """Write data/raw."""
    fetch(part("dataset", Origin), Path(RAW_FOLDER))


if __name__ == "__main__":
    run(main)
