"""What every reader must do, checked on all of them."""

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from permafrost import catalogue
from permafrost.audio.preprocessing import Kept, Recording, Rejection, preprocess
from permafrost.audio.rejection import Rejected
from permafrost.audio.settings import Preprocess
from permafrost.data.fingerprints import near_duplicates
from permafrost.errors import PermafrostError
from permafrost.readers import audio
from permafrost.settings import validate

SETTINGS = Preprocess(sample_rate=8000, clip_seconds=1.0)


def write_sound(path, seed, changed=False):
    """A few decaying notes; ``changed``: the same at half the gain."""
    draw, time = np.random.default_rng(seed), np.arange(11025) / 11025
    notes = sum(np.exp(-6 * time) * np.sin(2 * np.pi * pitch * time) for pitch in draw.uniform(100, 3000, 6))
    soundfile.write(path, notes / 8 / (1 + changed), 11025)


# A reader of other files writes its own here.
FILES = {"audio": (write_sound, ".wav")}


def check_reader(module, write, ending, folder, settings=SETTINGS):
    """What the stages rely on. ``module``: an entry of permafrost/readers; ``write(path, seed, changed)`` makes files
    that it reads, and of equal seed those that differ by what a copy may differ."""
    assert ending in module.ENDINGS
    paths = [folder / f"{seed}{ending}" for seed in range(8)] + [folder / f"copy{ending}"]
    for seed, path in enumerate(paths[:8]):
        write(path, seed)
    write(paths[8], 3, changed=True)
    before = hashlib.sha256(paths[0].read_bytes()).digest()

    rows = []
    for path in paths:
        row, kept = module.read(path, settings)
        assert row.shape == module.shape(settings) and row.dtype == module.DTYPE and row.any()
        assert isinstance(kept, Kept) and kept.seconds >= 0
        assert np.array_equal(module.read(path, settings)[0], row)
        rows.append(row)
    assert hashlib.sha256(paths[0].read_bytes()).digest() == before
    assert len({row.tobytes() for row in rows}) == len(rows)

    prints = [module.fingerprint(row) for row in rows]
    assert {(each.shape, each.dtype) for each in prints} == {(prints[0].shape, np.dtype(np.float32))}
    assert prints[0].ndim == 1 and np.isfinite(prints).all() and np.isfinite(module.fingerprint(rows[0] * 0)).all()
    pairs = near_duplicates(rows.__getitem__, len(rows), module.fingerprint)
    assert [pair[:2] for pair in pairs] == [(3, 8)], "of nine files, one is another's copy"

    shown = module.show(rows[0], settings.sample_rate)
    assert shown.picture.startswith("data:image/") and shown.words.format("a clip") != shown.words
    assert shown.sound == "" or shown.sound.startswith("data:audio/")
    assert module.show(rows[0], settings.sample_rate) == shown, "equal studies have equal pages"

    broken = folder / f"broken{ending}"
    broken.write_bytes(b"what?")
    for path in (broken, folder / f"missing{ending}"):
        with pytest.raises(Rejected):
            module.read(path, settings)


@pytest.mark.parametrize("name", catalogue.names("readers"))
def test_every_reader(name, tmp_path):
    check_reader(catalogue.load("readers", name, "preprocess.reader"), *FILES[name], tmp_path)


def test_the_check_finds_faults(tmp_path):
    parts = {name: getattr(audio, name) for name in ("ENDINGS", "DTYPE", "shape", "read", "fingerprint", "show")}
    for fault in (
        {"DTYPE": np.float32},
        {"shape": lambda settings: (settings.samples, 1)},
        {"fingerprint": lambda row: 0 * audio.fingerprint(row)},
        {"ENDINGS": (".png",)},
        {"show": lambda row, rate: audio.show(row, rate)._replace(picture="")},
    ):
        with pytest.raises(AssertionError):
            check_reader(SimpleNamespace(**parts | fault), *FILES["audio"], tmp_path)


def test_preprocess_stores_what_the_reader_that_is_named_reads(tmp_path):
    for seed in range(3):
        write_sound(tmp_path / f"{seed}.wav", seed)
    (tmp_path / "1.wav").write_bytes(b"what?")
    out = tmp_path / "rows.npy"
    outcomes = preprocess(tmp_path, [Recording(f"{seed}.wav") for seed in range(3)], SETTINGS, out, workers=1)
    assert [type(outcome) for outcome in outcomes] == [Kept, Rejection, Kept]
    expected = [audio.read(tmp_path / f"{seed}.wav", SETTINGS)[0] for seed in (0, 2)]
    assert np.array_equal(np.load(out), expected)
    other = validate(Preprocess, {"reader": "adio"}, "preprocess")
    with pytest.raises(PermafrostError, match=r"preprocess\.reader: 'adio'.*did you mean 'audio'"):
        preprocess(tmp_path, [Recording("0.wav")], other, out, workers=1)
