import unicodedata

import pytest

from permafrost.data.clips import find_clips
from permafrost.data.dataset import PatternLabels
from permafrost.data.label_names import near_equal, tidy

CAFES = [unicodedata.normalize(form, "café") for form in ("NFC", "NFD")]


@pytest.mark.parametrize("name", ["rain", "rain ", " rain", "rain\u00a0", "rain\ufeff", "\train\n"])
def test_white_space_that_nobody_sees_is_no_other_class(name):
    assert tidy(name) == "rain"


def test_inner_white_space_is_folded_and_letters_are_composed():
    assert tidy("heavy  \u00a0rain") == "heavy rain" and {tidy(name) for name in CAFES} == {"café"}


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("rain", "Rain", "case"),
        ("dog_bark", "dog-bark", "accents or separators"),
        ("cafe", "café", "accents or separators"),
        ("007", "7", "leading zeros"),
        ("dog", "dogs", "a plural"),
        ("sneeze", "sneze", "one letter"),
        ("thunder", "thudner", "one letter"),
    ],
)
def test_names_that_are_nearly_one_are_warned_of(one, other, how):
    (line,) = near_equal({one: 3, other: 4})
    assert f"differ by {how} only" in line and repr(one) in line and repr(other) in line


@pytest.mark.parametrize(
    "names", [("cat", "bat"), ("song_a", "song_b"), ("class1", "class12"), ("7", "8"), ("C", "C#"), ("はな", "ばな")]
)
def test_names_that_are_two_things_are_not(names):
    assert near_equal(dict.fromkeys(names, 5)) == []


def test_folders_of_one_name_in_two_forms_are_one_class_and_said(tmp_path, caplog):
    for name in [*CAFES, "bar", "Bar "]:
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{len(name)}{ascii(name)[2]}.wav").touch()
    if len(list(tmp_path.iterdir())) < 4:
        pytest.skip("this file system knows one form of a name")
    clips = find_clips(tmp_path, PatternLabels(kind="pattern", pattern="(?P<label>[^/]+)/.+"))
    assert [clip.label for clip in clips].count("café") == 2 and {clip.label for clip in clips} == {
        "café",
        "bar",
        "Bar",
    }
    assert "are one class, 'café'" in caplog.text and "'Bar' (1 clips) and 'bar' (1) differ by case" in caplog.text
