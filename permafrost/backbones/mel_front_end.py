"""From waveforms to mel pictures inside a network: the front end that the networks on waveforms share.

Source: Won, Spijkervet and Choi, Music Classification: Beyond Supervised Learning, Towards Real-world Applications,
tutorial at ISMIR 2021 (music-classification.github.io/tutorial): windows of 1,024 samples, half overlapping, 128 mel
bands up to half the sample rate, decibels, BatchNorm over the picture.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchaudio.transforms import AmplitudeToDB, MelSpectrogram

from permafrost.audio.inputs import Waveform
from permafrost.errors import PermafrostError

SAMPLE_RATE = 22050  # Hz: what the filters are for
INPUT = Waveform(sample_rate=SAMPLE_RATE)
WINDOW, HOP, BANDS = 1024, 512, 128


class MelFrontEnd(nn.Module):
    """Waveforms [batch, samples] to pictures [batch, channels, height, width]: dB, normalised by BatchNorm.

    Args:
        size: (height, width) to resize to, bilinearly; None keeps (BANDS, frames).
        channels: the picture is repeated to so many.
    """

    def __init__(self, size: tuple[int, int] | None = None, channels: int = 1) -> None:
        super().__init__()
        self.mel = MelSpectrogram(SAMPLE_RATE, n_fft=WINDOW, hop_length=HOP, f_max=SAMPLE_RATE / 2, n_mels=BANDS)
        self.decibels = AmplitudeToDB()
        self.norm = nn.BatchNorm2d(1)
        self.size, self.channels = size, channels

    def picture(self, x: Tensor) -> Tensor:
        """Waveforms [batch, samples] to mel pictures in dB [batch, BANDS, frames], before anything that is learnt."""
        # In full precision whatever surrounds it: bf16 has two digits, and a mel band's power spans ten.
        with torch.autocast(x.device.type, enabled=False):
            return self.decibels(self.mel(x.float()))

    def forward(self, x: Tensor) -> Tensor:
        """[batch, samples] to [batch, channels, height, width]."""
        pictures = self.norm(self.picture(x)[:, None])
        if self.size is not None:
            pictures = F.interpolate(pictures, self.size, mode="bilinear", align_corners=False)
        return pictures.expand(-1, self.channels, -1, -1)


def frames_of(input_shape: tuple[int, ...], backbone: str) -> int:
    """Frames of a clip of ``input_shape`` = (samples,).

    Raises:
        PermafrostError: the input is not a waveform, or is shorter than half a window.
    """
    if len(input_shape) != 1 or input_shape[0] <= WINDOW // 2:
        raise PermafrostError(
            f"backbone {backbone}: input of shape {input_shape}; expected waveforms, more than {WINDOW // 2} samples, "
            f"(samples,): input {{kind: waveform, sample_rate: {SAMPLE_RATE}}}"
        )
    return 1 + input_shape[0] // HOP
