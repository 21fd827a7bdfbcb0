import hashlib
import os
import sys
import zipfile
from pathlib import Path

import pytest

from permafrost.data.dataset import Dataset
from permafrost.data.sources import fetch
from permafrost.errors import PermafrostError
from permafrost.settings import validate


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


def dataset(path="data/raw", **source):
    labels = {"kind": "pattern", "pattern": "(?P<label>[^/]+)/.+"}
    return validate(Dataset, {"name": "mine", "path": str(path), "source": source, "labels": labels}, "dataset")


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


def fetched(**values):
    fetch(dataset(**values), Path("data/raw"))
    assert not Path(".ckpt/fetch").exists()
    return names("data/raw")


def remote(path, **more):
    return {"url": path.as_uri(), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} | more


@pytest.fixture
def archive(project):
    with zipfile.ZipFile(project / "a.zip", "w") as archive:
        archive.writestr("top/x/1.wav", "one")
    return project / "a.zip"


def test_a_folder_of_the_user_s_own_is_only_looked_at(project):
    (project / "mine").mkdir()
    (project / "mine/1.wav").write_text("one")
    os.chmod(project / "mine/1.wav", 0o640)
    before = os.stat(project / "mine/1.wav")
    assert fetched(path="../mine", kind="path") == ["README.txt"]
    after = os.stat(project / "mine/1.wav")
    assert names(project / "mine") == ["1.wav"]
    assert (before.st_mode, before.st_mtime_ns, before.st_ino) == (after.st_mode, after.st_mtime_ns, after.st_ino)


def test_links_to_nowhere_in_the_folder_are_refused_before_dvc_meets_them(project):
    (project / "mine/owl").mkdir(parents=True)
    (project / "mine/owl/0.wav").write_text("one")
    (project / "mine/owl/1.wav").symlink_to(project / "mine/owl/0.wav")
    (project / "mine/owl/2.wav").symlink_to(".git/annex/objects/2.wav")
    (project / "mine/owl/3.wav").symlink_to("3.wav")
    told = r"^dataset\.path: \.\./mine/owl/2\.wav is a link to \.git/annex\S+, which does not exist \(such links: 2\)"
    with pytest.raises(PermafrostError, match=told):
        fetched(path="../mine", kind="path")


def test_a_path_elsewhere_needs_no_download(project):
    (project / "mine").mkdir()
    files = [{"url": "https://unreachable.invalid/a.zip", "sha256": None, "archive": "zip"}]
    assert fetched(path="../mine", kind="url", files=files) == ["README.txt"]


def test_a_folder_that_is_not_there():
    with pytest.raises(PermafrostError, match=r"dataset.path: ../mine is not a folder.*-S dataset.path=FOLDER"):
        fetch(dataset(path="../mine", kind="path"), Path("data/raw"))


def test_a_folder_that_fetch_would_empty(project):
    Path("data/raw/mine").mkdir(parents=True)
    Path("data/raw/mine/1.wav").write_text("one", encoding="utf-8")
    for path in ("data/raw/mine", project / "project/data/raw"):
        with pytest.raises(PermafrostError, match="which stage fetch empties"):
            fetch(dataset(path=path, kind="path"), Path("data/raw"))
    assert names("data/raw") == ["mine/1.wav"]


def test_files_and_archives_are_put_together(project, archive):
    (project / "list.csv").write_text("table")
    files = [remote(archive, archive="zip", strip=1), remote(project / "list.csv", archive="none", name="meta.csv")]
    Path("data/raw").mkdir(parents=True)
    Path("data/raw/old.wav").write_text("of the data set before", encoding="utf-8")
    assert fetched(kind="url", files=files) == ["meta.csv", "x/1.wav"]


def test_a_measured_checksum_is_printed_where_none_is_given(archive, capsys):
    files = [remote(archive, archive="zip") | {"sha256": None}]
    assert fetched(kind="url", files=files) == ["top/x/1.wav"]
    assert hashlib.sha256(archive.read_bytes()).hexdigest() in capsys.readouterr().out


def test_a_failed_fetch_leaves_the_old_recordings_and_keeps_what_was_loaded(project, archive):
    Path("data/raw").mkdir(parents=True)
    Path("data/raw/old.wav").write_text("old", encoding="utf-8")
    files = [remote(archive, archive="zip"), remote(archive, archive="none") | {"sha256": "0" * 64}]
    with pytest.raises(PermafrostError, match=r"dataset.source.files.1: .*expected 0000"):
        fetch(dataset(kind="url", files=files), Path("data/raw"))
    assert names("data/raw") == ["old.wav"]
    assert Path(".ckpt/fetch/0-a.zip").is_file()


def test_one_name_for_two_files(project, archive):
    files = [remote(archive, archive="none"), remote(archive, archive="none")]
    with pytest.raises(PermafrostError, match=r"dataset.source.files.1: a.zip is there twice"):
        fetch(dataset(kind="url", files=files), Path("data/raw"))


def test_generated_recordings_have_a_label_and_a_group_for_every_clip():
    settings = {"seed": 3, "artists_per_style": 1, "clips_per_artist": 1, "seconds": 0.5, "sample_rate": 8000}
    found = fetched(kind="synthetic", **settings)
    assert len(found) == 10 and all(name.count("/") == 2 and name.endswith(".wav") for name in found)


def test_reading_a_folder_loads_no_downloader():
    code = "import sys, permafrost.data.sources, permafrost.data.clips; print('requests' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    import subprocess

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout == "False\n"
