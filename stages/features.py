"""Stage features@X: data/waveforms.npy to data/inputs/X.npy: descriptors, or what the networks read."""

import argparse
from pathlib import Path

from permafrost.baselines.inputs import BaselineInput, prepare_input
from permafrost.data.tables import read_clips
from permafrost.provenance.identity import identity
from stages.stage import parameters, part, run


def main() -> None:
    """Prepare the input of one baseline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baseline", required=True, help="the baseline's name under baselines in params.yaml")
    name = parser.parse_args().baseline
    key = f"baselines.{name}"
    waveforms, rate = Path("data/waveforms.npy"), parameters("preprocess.sample_rate")
    prepare_input(
        part(key, BaselineInput).input,
        waveforms,
        rate,
        [clip.clip_id for clip in read_clips(Path("data/clips.csv"))],
        Path("data/inputs", f"{name}.npy"),
        f"{key}.input",
        kept_in=Path(".ckpt", "descriptors-" + identity(rate, [waveforms, Path("data/code/features.json")])),
    )


if __name__ == "__main__":
    run(main)
