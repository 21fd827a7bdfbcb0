import pytest

from permafrost.data.naming import Finder, clip_id_of


@pytest.mark.parametrize(
    ("path", "clip_id"),
    [
        ("blues/blues.00012.wav", "blues/blues.00012"),
        ("blues.00012", "blues.00012"),
        ("a.b/c.FLAC", "a.b/c"),
        ("a/b.c.mp3", "a/b.c"),
    ],
)
def test_only_audio_extensions_are_cut_off(path, clip_id):
    assert clip_id_of(path) == clip_id


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("top/a/1.mp3", ["top/a/1"]),
        ("a/1.wav", ["a/1"]),  # a whole id goes before the ends of others
        ("b/1", ["top/b/1"]),
        ("1", ["a/1", "top/a/1", "top/b/1"]),
        ("./elsewhere/a/1.au", ["a/1"]),
        ("b\\1.wav", ["top/b/1"]),
        ("elsewhere/b/1", []),  # its end is not a whole id
        ("/1", ["a/1", "top/a/1", "top/b/1"]),
        ("p/b/1", []),  # whole components only: "top" does not end in it
        ("2", []),
    ],
)
def test_names_in_lists_find_clips(name, found):
    assert sorted(Finder(["top/a/1", "a/1", "top/b/1"]).find(name)) == found
