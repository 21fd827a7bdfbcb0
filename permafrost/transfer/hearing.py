"""What a network hears: inputs, their rate and their augmentation are of one kind, and the backbone is made for it."""

from permafrost import catalogue
from permafrost.audio.inputs import LogMel, Waveform
from permafrost.errors import PermafrostError
from permafrost.transfer.recipe import Training


def input_rate(wanted: LogMel | Waveform, training: Training, backbone: str, sample_rate: int, key: str) -> int:
    """The rate of what a recipe reads, Hz; ``sample_rate`` is preprocess's, ``key`` where the recipe stands.

    Raises:
        PermafrostError: a backbone that hears waveforms is made for another rate, or waveforms are to be augmented as
            pictures are, or the other way round.
    """
    if isinstance(wanted, LogMel):
        if training.augment_waveform.active:
            raise PermafrostError(
                f"{key}.augment_waveform: crops, noise and filters are for waveforms, and this network reads log-mel "
                "pictures; leave them out, use augment"
            )
        return sample_rate
    rate = wanted.sample_rate or sample_rate
    if training.augment.active:
        raise PermafrostError(
            f"{key}.augment: masks and shifts are for pictures, and this network hears waveforms; set them to 0, "
            "use augment_waveform"
        )
    expected = getattr(catalogue.load("backbones", backbone, f"{key}.backbone"), "SAMPLE_RATE", rate)
    if rate != expected:
        raise PermafrostError(
            f"{key}.input.sample_rate: {rate} Hz, but {backbone} hears {expected} Hz; set it to {expected}"
        )
    return rate
