"""The rate of a recipe's input is handed on, and an input other than the backbone's is refused before training."""

import pytest

from permafrost.audio.inputs import LogMel, Waveform
from permafrost.backbones import musicnn_vgg
from permafrost.errors import PermafrostError
from permafrost.transfer.hearing import input_rate
from permafrost.transfer.recipe import Training

PLAIN = Training()


def test_the_rate_is_the_input_s_own_or_preprocess_s():
    assert input_rate(Waveform(sample_rate=22050), PLAIN, "cnn", 44100, "models.x") == 22050
    assert input_rate(Waveform(), PLAIN, "cnn", 22050, "models.x") == 22050
    assert input_rate(LogMel(), PLAIN, "strip_vit", 8000, "models.x") == 8000
    assert input_rate(Waveform(), PLAIN, "resnet20", 8000, "models.x") == 8000, "declares nothing"


@pytest.mark.parametrize("wanted", [Waveform(), Waveform(sample_rate=8000)])
def test_a_rate_that_the_backbone_is_not_made_for_is_refused_with_both(wanted):
    with pytest.raises(
        PermafrostError, match=r"models\.x\.input\.sample_rate: 8000, but cnn reads 22050; set it to 22050"
    ):
        input_rate(wanted, PLAIN, "cnn", 8000, "models.x")


def test_augmentation_of_the_other_kind_is_refused():
    masks = Training(augment={"time_mask": 5})
    with pytest.raises(PermafrostError, match=r"models\.x\.augment: .*use augment_waveform"):
        input_rate(Waveform(sample_rate=22050), masks, "cnn", 22050, "models.x")
    noise = Training(augment_waveform={"noise": 1.0})
    with pytest.raises(PermafrostError, match=r"models\.x\.augment_waveform: .*use augment"):
        input_rate(LogMel(), noise, "strip_vit", 22050, "models.x")


def test_pictures_that_a_backbone_cannot_read_are_refused_with_each_key_and_the_right_value():
    right = musicnn_vgg.INPUT
    assert input_rate(right.model_copy(update={"chunk": 187}), PLAIN, "musicnn_vgg", 44100, "models.x") == 16000
    with pytest.raises(PermafrostError) as raised:
        input_rate(
            right.model_copy(update={"n_mels": 64, "sample_rate": None}), PLAIN, "musicnn_vgg", 44100, "models.x"
        )
    assert str(raised.value).splitlines() == [
        "models.x.input.sample_rate: 44100, but musicnn_vgg reads 16000; set it to 16000",
        "models.x.input.n_mels: 64, but musicnn_vgg reads 96; set it to 96",
    ]
    with pytest.raises(
        PermafrostError, match=r"models\.x\.input\.kind: waveform, but .* reads \{kind: logmel, .*n_mels"
    ):
        input_rate(Waveform(), PLAIN, "musicnn_vgg", 16000, "models.x")
