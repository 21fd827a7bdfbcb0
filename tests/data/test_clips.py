import os
import subprocess
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from permafrost.data.clips import find_clips
from permafrost.data.dataset import Labels
from permafrost.data.recordings import audio_files
from permafrost.errors import PermafrostError

SHARED = Path(__file__).parents[3] / "shared/data"
BY_FOLDER = r"(?P<label>[^/]+)/.+"


def labels(**values):
    return TypeAdapter(Labels).validate_python(values)


def by_pattern(pattern=BY_FOLDER, **more):
    return labels(kind="pattern", pattern=pattern, **more)


def by_table(columns=None, **more):
    columns = columns or {"path": "file", "label": "class", "group": "artist", "fold": "fold"}
    return labels(kind="table", file="meta/list.csv", columns=columns, **more)


@pytest.fixture
def folder(tmp_path):
    """``folder("a/1.wav", ...)`` makes empty files of these names and returns their folder."""

    def make(*names, **texts):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        for name, text in texts.items():
            place = tmp_path / {"table": "meta/list.csv", "index": "index.txt"}[name]
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8")
        return tmp_path

    return make


def test_label_group_and_fold_come_from_the_path_in_sorted_order(folder):
    root = folder("b/2-bob_01.wav", "a/1-ann_02.FLAC", "a/1-ann_01.mp3")
    clips = find_clips(root, by_pattern(r"(?P<label>.)/(?P<fold>\d)-(?P<group>[a-z]+)_\d+\.\w+"))
    assert [(clip.clip_id, clip.path) for clip in clips] == [
        ("a/1-ann_01", "a/1-ann_01.mp3"),
        ("a/1-ann_02", "a/1-ann_02.FLAC"),
        ("b/2-bob_01", "b/2-bob_01.wav"),
    ]
    assert [(clip.label, clip.group, clip.fold) for clip in clips] == [("a", "ann", "1")] * 2 + [("b", "bob", "2")]


def test_any_depth_of_class_folders_and_every_audio_extension(folder):
    names = [
        f"x/deep/er/{number}.{end}" for number, end in enumerate(["wav", "flac", "ogg", "mp3", "au", "aiff", "aif"])
    ]
    clips = find_clips(folder(*names, "y/1.wav", "y/notes.txt"), by_pattern())
    assert [clip.path for clip in clips] == [*names, "y/1.wav"]


def test_hidden_files_and_folders_are_left_out(folder):
    root = folder("a/1.wav", "b/1.wav", "a/.2.wav", ".trash/3.wav", "__MACOSX/._4.wav")
    assert [clip.clip_id for clip in find_clips(root, by_pattern())] == ["a/1", "b/1"]


def test_linked_folders_which_dvc_does_not_look_into_are_refused_with_the_command_that_helps(folder, tmp_path):
    root = folder("data/a/1.wav", "else where/1.wav") / "data"
    (root / "b").symlink_to(tmp_path / "else where")
    with pytest.raises(PermafrostError, match=r"data/b is a link to the folder .*\(such links: 1\)") as error:
        find_clips(root, by_pattern())
    subprocess.run(str(error.value).split("`")[1], shell=True, check=True)
    assert [clip.clip_id for clip in find_clips(root, by_pattern())] == ["a/1", "b/1"]
    assert (root / "b/1.wav").is_symlink() and (tmp_path / "else where/1.wav").is_file()


def test_folders_of_new_recordings_are_followed_but_not_round_in_circles(folder, tmp_path):
    root = folder("data/a/1.wav", "elsewhere/1.wav") / "data"
    (root / "b").symlink_to(tmp_path / "elsewhere")
    (root / "a/again").symlink_to(root)
    assert audio_files(root) == ["a/1.wav", "b/1.wav"]


def test_files_without_a_label_are_counted_and_named(folder, caplog):
    root = folder("a/1.wav", "b/1.wav", *(f"stray{number}.wav" for number in range(7)))
    assert len(find_clips(root, by_pattern())) == 2
    assert "7 of 9 audio files" in caplog.text and "stray0.wav" in caplog.text and "stray6.wav" not in caplog.text


def test_a_pattern_must_match_the_whole_path(folder):
    with pytest.raises(PermafrostError, match=r"none of the 2 audio files.*'a/1.wav'"):
        find_clips(folder("a/1.wav", "b/1.wav"), by_pattern(r"(?P<label>[ab])"))


def test_a_pattern_that_matches_nothing_is_named_with_an_example(folder):
    with pytest.raises(PermafrostError) as error:
        find_clips(folder("a/1.wav", "b/1.wav"), by_pattern(r"(?P<label>\d+)/never\.wav"))
    assert r"(?P<label>\d+)/never\.wav" in str(error.value) and "'a/1.wav'" in str(error.value)


def test_a_folder_without_audio(folder):
    with pytest.raises(PermafrostError, match=r"dataset.path: .* holds no audio file \(wav, .*flac"):
        find_clips(folder("a/readme.txt"), by_pattern())


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(PermafrostError, match=r"dataset.path: .*missing does not exist"):
        find_clips(tmp_path / "missing", by_pattern())


def test_a_file_instead_of_a_folder(folder):
    with pytest.raises(PermafrostError, match=r"1\.wav is a file"):
        find_clips(folder("1.wav") / "1.wav", by_pattern())


def test_two_files_of_one_id(folder):
    with pytest.raises(PermafrostError, match=r"a/1\.mp3 and a/1\.wav are one clip"):
        find_clips(folder("a/1.wav", "a/1.mp3", "b/1.wav"), by_pattern())


def test_a_single_class(folder):
    with pytest.raises(PermafrostError, match=r"all 2 clips have the label 'a'.*two classes"):
        find_clips(folder("a/1.wav", "a/2.wav"), by_pattern())


def test_a_file_name_that_is_not_utf8(folder):
    root = folder("a/1.wav")
    try:
        os.close(os.open(os.fsencode(root) + b"/a/\xff.wav", os.O_CREAT))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with pytest.raises(PermafrostError, match=r"not UTF-8"):
        find_clips(root, by_pattern())


TABLE = "file,class,artist,fold\n1.wav,jazz,ann,1\n2,pop,bob,2\n"


def test_a_table_gives_label_group_and_fold(folder):
    # With the byte order mark that spreadsheets write, and one name without its extension.
    root = folder("audio/1.wav", "audio/2.mp3", table="\ufeff" + TABLE)
    clips = find_clips(root, by_table(path_prefix="audio/"))
    assert [(clip.path, clip.label, clip.group, clip.fold) for clip in clips] == [
        ("audio/1.wav", "jazz", "ann", "1"),
        ("audio/2.mp3", "pop", "bob", "2"),
    ]


def test_a_table_with_another_delimiter_and_only_labels(folder):
    root = folder("1.wav", "2.wav", table=TABLE.replace(",", ";"))
    clips = find_clips(root, by_table({"path": "file", "label": "class"}, delimiter=";"))
    assert [(clip.label, clip.group, clip.fold) for clip in clips] == [("jazz", "", ""), ("pop", "", "")]


def test_audio_that_a_table_does_not_name_is_counted(folder, caplog):
    assert len(find_clips(folder("1.wav", "2.wav", "3.wav", table=TABLE), by_table())) == 2
    assert "1 of 3 audio files" in caplog.text and "3.wav" in caplog.text


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (None, ["dataset.labels.file", "list.csv"]),
        (TABLE.replace("class", "genre"), ["dataset.labels.columns.label", "'class'", "file, genre, artist, fold"]),
        (TABLE + "9.wav,pop,cy,1\n", ["line 4", "'9.wav'", "path_prefix"]),
        (TABLE + "1.wav,pop,cy,1\n", ["line 4", "'1.wav'", "second time"]),
        (TABLE.replace("pop", ""), ["line 3", "'class'", "no label"]),
        ("file,class,artist,fold\n", ["none of the 2 audio files"]),
    ],
)
def test_faults_of_a_table(folder, table, words):
    root = folder("1.wav", "2.wav", **({"table": table} if table else {}))
    with pytest.raises(PermafrostError) as error:
        find_clips(root, by_table())
    for word in words:
        assert word in str(error.value)


INDEX = "## artists\na1.wav ::: Ann ::: One\na2.wav ::: Bob\nb1.wav ::: ::: ?\nzz.wav ::: Cy ::: elsewhere\n"


def index(**more):
    return {"file": "index.txt", "pattern": r"(?P<clip>\S+) ::: (?P<group>.*?) ?(?::::.*)?"} | more


def test_an_index_file_gives_groups(folder):
    root = folder("x/a/a1.au", "x/a/a2.au", "x/b/b1.au", index=INDEX)
    clips = find_clips(root, by_pattern(r"x/(?P<label>.)/.+", groups=index()))
    assert [clip.group for clip in clips] == ["Ann", "Bob", ""]


def test_an_index_may_be_optional(folder, caplog):
    root = folder("a/a1.wav", "b/b1.wav")
    clips = find_clips(root, by_pattern(groups=index(required=False)))
    assert [clip.group for clip in clips] == ["", ""]
    assert "index.txt" in caplog.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["dataset.labels.groups.file", "index.txt"]),
        ("nothing\n", ["no line matches", "'nothing'"]),
        ("same.wav ::: Ann", ["line 1", "a/same or b/same"]),
        ("a1.wav ::: Ann\na/a1.wav ::: Bob", ["line 2", "a/a1", "'Bob'", "'Ann'"]),
    ],
)
def test_faults_of_an_index(folder, text, words):
    root = folder("a/a1.wav", "a/same.wav", "b/same.wav", **({"index": text} if text else {}))
    with pytest.raises(PermafrostError) as error:
        find_clips(root, by_pattern(groups=index()))
    for word in words:
        assert word in str(error.value)


@pytest.mark.skipif(not (SHARED / "esc10").is_dir(), reason="the real data sets are not in ../shared/data")
def test_real_data_sets_are_read_as_shipped():
    # Imported here: only this test reads the catalogue.
    import yaml

    expected = {"esc10": (400, 10, 5), "fsdd": (3000, 10, 1)}
    for name, (clips, classes, folds) in expected.items():
        conf = yaml.safe_load((Path(__file__).parents[2] / f"conf/dataset/{name}.yaml").read_text(encoding="utf-8"))
        found = find_clips(SHARED / name, labels(**conf["dataset"]["labels"]))
        assert (len(found), len({clip.label for clip in found})) == (clips, classes)
        assert len({clip.fold for clip in found}) == folds
        assert all(clip.group for clip in found)


@pytest.mark.skipif(not (SHARED / "gtzan").is_dir(), reason="GTZAN's index is not in ../shared/data")
@pytest.mark.parametrize(("name", "form"), [("gtzan", "genres_original/{0}/{1}.wav"), ("gtzan_marsyas", "{0}/{1}.au")])
def test_gtzan_s_artists_fit_both_layouts(folder, name, form):
    import yaml

    wavs = [
        line.split()[0] for line in (SHARED / "gtzan/GTZANindex.txt").read_text().splitlines() if ".wav :::" in line
    ]
    root = folder(*(form.format(wav.split(".")[0], wav.removesuffix(".wav")) for wav in wavs))
    (root / "GTZANindex.txt").write_text((SHARED / "gtzan/GTZANindex.txt").read_text())
    conf = yaml.safe_load((Path(__file__).parents[2] / f"conf/dataset/{name}.yaml").read_text(encoding="utf-8"))
    clips = find_clips(root, labels(**conf["dataset"]["labels"]))
    assert len(clips) == 1000 and len({clip.label for clip in clips}) == 10
    groups = {clip.clip_id.rpartition("/")[2]: clip.group for clip in clips}
    assert groups["blues.00000"] == "John Lee Hooker" and groups["blues.00082"] == "Buckwheat Zydeco"
    assert sum(not group for group in groups.values()) == 81
