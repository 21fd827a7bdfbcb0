"""What the synthetic data set can be asked for."""

from pydantic import Field

from permafrost.settings import Seed, Settings


class Synthetic(Settings):
    """The embedded data set: ten styles x ``artists_per_style`` x ``clips_per_artist`` clips."""

    seed: Seed = Field(0, description="everything is drawn from it")
    artists_per_style: int = Field(16, ge=1, le=40)
    clips_per_artist: int = Field(5, ge=1, le=99)
    seconds: float = Field(5.0, ge=0.5, le=60.0, description="length of a clip")
    sample_rate: int = Field(22050, ge=8000, le=48000, description="Hz")
