"""Pieces of one recording are noticed by their names, and the line that groups them is true when pasted."""

import re

from permafrost.data.audit import warnings
from permafrost.data.clips import find_clips
from permafrost.data.dataset import PatternLabels
from permafrost.data.pieces import pieces_apart
from permafrost.data.splits import Split, make_splits
from permafrost.data.tables import ClipRow


def rows_of(paths, pattern=r"(?P<label>[^/]+)/.+"):
    found = [(path, re.fullmatch(pattern, path).groupdict()) for path in paths]
    return [
        ClipRow(
            path.rpartition(".")[0], path, named["label"], named.get("group", ""), "", seconds=1.0, sample_rate=16000
        )
        for path, named in found
    ]


def findings(tmp_path, clips, kind="stratified"):
    return pieces_apart(tmp_path, clips, make_splits(clips, Split(kind=kind)))


SONGS = [f"{style}/song{style}{song}_{piece:02d}.wav" for style in "abc" for song in range(6) for piece in range(6)]


def test_chunks_of_one_song_on_two_sides_are_named_with_the_line_that_groups_them(tmp_path):
    found = findings(tmp_path, rows_of(SONGS))
    assert found["stems"] == 18 and len(found["apart"]) > 12
    line = warnings({"duplicates": [], "repeats": [], "pieces": found})[0]
    pattern = re.search(r"""dataset\.labels\.pattern="(.+?)"'""", line)[1]
    for path in SONGS:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    clips = find_clips(tmp_path, PatternLabels(kind="pattern", pattern=pattern))
    assert {clip.group for clip in clips} == {f"song{style}{song}" for style in "abc" for song in range(6)}
    assert "split.kind=grouped" in line


def test_groups_that_are_known_and_names_that_only_count_are_left_alone(tmp_path):
    grouped = r"(?P<label>[^/]+)/(?P<group>[^/_]+)_.+"
    assert findings(tmp_path, rows_of(SONGS, grouped), "grouped") is None
    assert findings(tmp_path, rows_of([f"{name}/{name}_{n}.wav" for name in ("dog", "cat") for n in range(12)])) is None
    assert findings(tmp_path, rows_of([f"{name}/{n:02d}.wav" for name in ("dog", "cat") for n in range(12)])) is None
    esc10 = [f"{name}/{1 + n % 5}-{1000 + n}-A.ogg" for name in ("dog", "rain") for n in range(20)]
    assert findings(tmp_path, rows_of(esc10)) is None


def test_a_speaker_in_the_name_is_a_group_too(tmp_path):
    digits = [f"{digit}_{who}_{n}.wav" for digit in range(4) for who in ("ann", "bob", "cy", "dee") for n in range(5)]
    assert "ann" in findings(tmp_path, rows_of(digits, r"(?P<label>\d)_.+"))["apart"]
