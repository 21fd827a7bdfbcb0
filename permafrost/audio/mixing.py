"""Channels to one: their mean, but for channels that are silent and for channels that cancel each other."""

import numpy as np

from permafrost.audio.samples import Samples, as_float32

SILENT = 1e-6  # power relative to the loudest channel's: 60 dB below it
CANCELLED = 0.1  # power of the mean relative to what it would be if the channels were unrelated

SILENT_LEFT_OUT = "sound in some of the channels only: the silent ones are left out of the mix"
ONE_TAKEN = "the channels cancel each other in the mix (opposite polarity): the loudest one is taken instead"


def mixed(samples: Samples) -> tuple[Samples, str]:
    """[frames, channels] to mono [frames], and a remark where that is not the plain mean of all channels ("" else).

    A silent channel beside others would take level away from the mix; it is left out. Channels of opposite polarity
    (a microphone wired the wrong way round, a balanced line recorded as stereo: correlation below -0.9 between two)
    would leave noise alone; the loudest stands for them. Power is that around the mean: an offset is no sound.
    """
    if samples.shape[1] == 1 or not len(samples):
        return samples[:, 0], ""
    channels = np.ascontiguousarray(as_float32(samples).T)
    with np.errstate(invalid="ignore", over="ignore"):  # not finite: the sum will be, and is refused for it
        power = channels.var(axis=1)
        sounding = power > power.max() * SILENT
        if not sounding.any():
            return channels.mean(axis=0), ""
        mix = channels[sounding].mean(axis=0)
        if mix.var() * sounding.sum() < CANCELLED * power[sounding].mean():
            return channels[power.argmax()], ONE_TAKEN
    return mix, "" if sounding.all() else SILENT_LEFT_OUT
