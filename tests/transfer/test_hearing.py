"""Waveform models: the rate is handed on, and another than the backbone's is refused before anything is trained."""

import pytest

from permafrost.audio.inputs import LogMel, Waveform
from permafrost.errors import PermafrostError
from permafrost.transfer.hearing import input_rate
from permafrost.transfer.recipe import Training

PLAIN = Training()


def test_the_rate_is_the_input_s_own_or_preprocess_s():
    assert input_rate(Waveform(sample_rate=22050), PLAIN, "cnn", 44100, "models.x") == 22050
    assert input_rate(Waveform(), PLAIN, "cnn", 22050, "models.x") == 22050
    assert input_rate(LogMel(), PLAIN, "strip_vit", 8000, "models.x") == 8000
    assert input_rate(Waveform(), PLAIN, "resnet20", 8000, "models.x") == 8000, "no backbone of waveforms wants a rate"


@pytest.mark.parametrize("wanted", [Waveform(), Waveform(sample_rate=8000)])
def test_a_rate_that_the_backbone_is_not_made_for_is_refused_with_both(wanted):
    with pytest.raises(PermafrostError, match=r"models\.x\.input\.sample_rate: 8000 Hz, but cnn hears 22050 Hz"):
        input_rate(wanted, PLAIN, "cnn", 8000, "models.x")


def test_augmentation_of_the_other_kind_is_refused():
    masks = Training(augment={"time_mask": 5})
    with pytest.raises(PermafrostError, match=r"models\.x\.augment: .*use augment_waveform"):
        input_rate(Waveform(sample_rate=22050), masks, "cnn", 22050, "models.x")
    noise = Training(augment_waveform={"noise": 1.0})
    with pytest.raises(PermafrostError, match=r"models\.x\.augment_waveform: .*use augment"):
        input_rate(LogMel(), noise, "strip_vit", 22050, "models.x")
