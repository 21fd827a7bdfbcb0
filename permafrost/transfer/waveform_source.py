"""Batches of waveforms: random crops and changes while training, evenly spaced chunks while evaluating."""

import torch

from permafrost.audio.waveform_augmentation import DRAWS, WaveformAugmentation, chunks
from permafrost.audio.waveform_settings import AugmentWaveform
from permafrost.transfer.batches import CLEAN, InputSource
from permafrost.transfer.device import Placement
from permafrost.transfer.examples import Examples, Preparation
from permafrost.transfer.freezing import FrozenPrefix
from permafrost.transfer.recipe import Augment
from permafrost.transfer.seeding import generator


class WaveformSource(InputSource):
    """Rows of stored waveforms, changed anew for each clip and epoch.

    Where training is on crops, a clip is evaluated in ``chunks`` inputs, one after another: a batch of B rows then
    has B x ``chunks`` inputs.
    """

    finite = False  # no two epochs see the same clip

    def __init__(
        self,
        examples: Examples,
        prepare: Preparation,
        prefix: FrozenPrefix,
        placement: Placement,
        augment: AugmentWaveform,
        sample_rate: int,
        seed: int,
        budget_bytes: float,
    ) -> None:
        """``sample_rate``: of the stored waveforms, Hz.

        Raises:
            PermafrostError: the settings do not fit the clips' length or rate.
        """
        super().__init__(examples, prepare, prefix, placement, Augment(), seed, budget_bytes)
        samples = self.inputs.shape[1]
        noise = generator(seed, "noise")
        self.change = WaveformAugmentation(augment, sample_rate, samples, noise, placement.device)
        self.chunks = -(-samples // self.change.length)

    def pictures(self, rows: torch.Tensor, epoch: int) -> torch.Tensor:
        """Waveforms float [B, length] of an epoch, or for ``CLEAN`` all chunks [B x chunks, length] of each clip."""
        device = self.placement.device
        stored = self.inputs[rows.to(self.inputs.device)].to(device, non_blocking=True)
        waveforms = stored.float() / 32768 if stored.dtype == torch.int16 else stored
        if epoch == CLEAN:
            return chunks(waveforms, self.change.length).flatten(0, 1)
        return self.change(waveforms, self._draws_of(epoch)[rows.to(device)])

    def _draws_of(self, epoch: int) -> torch.Tensor:
        """Random numbers [clips, DRAWS] of ``epoch``."""
        if self._draws is None or self._draws[0] != epoch:
            device = self.placement.device
            stream = generator(self.seed, "augment", epoch, device)
            self._draws = (epoch, torch.rand(len(self.inputs), DRAWS, generator=stream, device=device))
        return self._draws[1]
