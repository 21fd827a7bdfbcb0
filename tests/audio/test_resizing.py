import numpy as np
import pytest
import torch

from permafrost.audio.resizing import AreaAxis, LinearAxis

SIZES = [(1292, 224), (216, 224), (128, 224), (5, 5), (7, 1), (1, 7), (3, 1000), (1000, 3), (97, 96)]


@pytest.mark.parametrize(("axis", "mode"), [(LinearAxis, "bilinear"), (AreaAxis, "area")])
@pytest.mark.parametrize(("size", "wanted"), SIZES)
def test_an_axis_is_torchs(axis, mode, size, wanted):
    image = np.random.default_rng(0).random((6, size), np.float32)
    tall = np.ascontiguousarray(image.T)
    across = torch.nn.functional.interpolate(torch.from_numpy(image)[None, None], size=(6, wanted), mode=mode)[0, 0]
    down = torch.nn.functional.interpolate(torch.from_numpy(tall)[None, None], size=(wanted, 6), mode=mode)[0, 0]
    np.testing.assert_allclose(axis(size, wanted).along_columns(image), across, atol=3e-7)
    np.testing.assert_allclose(axis(size, wanted).along_rows(tall), down, atol=3e-7)


@pytest.mark.parametrize(("size", "wanted"), SIZES)
def test_nothing_but_what_is_read_matters(size, wanted):
    image = np.random.default_rng(0).random((4, size), np.float32)
    axis = LinearAxis(size, wanted)
    expected, read = axis.along_columns(image), axis.read
    np.testing.assert_array_equal(axis.on_read_only().along_columns(image[:, read]), expected)


def test_areas_are_exact_means():
    image = np.arange(12, dtype=np.float32).reshape(2, 6)
    np.testing.assert_array_equal(AreaAxis(6, 3).along_columns(image), [[0.5, 2.5, 4.5], [6.5, 8.5, 10.5]])
    np.testing.assert_array_equal(AreaAxis(6, 4).along_columns(image)[0], [0.5, 1.5, 3.5, 4.5])
