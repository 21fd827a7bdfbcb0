"""Archives that would fill the disk, the memory or the day."""

import gzip
import shutil
import sys
import tarfile
import zipfile
from collections import namedtuple

import pytest

from permafrost import room
from permafrost.data import archive_members
from permafrost.data.archives import extract
from tests.data.archive_contents import refused, special


@pytest.fixture
def small_limits(monkeypatch):
    monkeypatch.setattr(archive_members, "ALWAYS", 100_000)
    monkeypatch.setattr(archive_members, "READ", 20_000)


@pytest.mark.usefixtures("small_limits")
def test_a_zip_that_unpacks_to_far_more_than_its_size(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.wav", bytes(50_000))
    refused(tmp_path / "a.zip", tmp_path / "out", "zip", r"a\.zip unpacks to more than 0\.1 MB, 100 times its own size")


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_tar_that_unpacks_to_far_more_than_its_size(tarred, tmp_path, mode):
    refused(tarred(("0.wav", bytes(500_000)), mode=mode), tmp_path / "out", "tar", "unpacks to more than")


@pytest.mark.usefixtures("small_limits")
def test_zeros_behind_the_end_of_a_tar_are_not_read_for_ever(tarred, tmp_path):
    archive = tarred(("0.wav", b"one"))
    with archive.open("ab") as file:
        file.write(gzip.compress(bytes(1_000_000)))
    refused(archive, tmp_path / "out", "tar", "unpacks to more than")


@pytest.mark.usefixtures("small_limits")
def test_a_header_that_asks_for_all_memory(tmp_path):
    long = special("long", tarfile.GNUTYPE_LONGNAME)
    long.size = 1 << 40
    (tmp_path / "a.tar").write_bytes(gzip.compress(long.tobuf(tarfile.GNU_FORMAT) + bytes(2_000)))
    refused(tmp_path / "a.tar", tmp_path / "out", "tar", "does not unpack as tar: a header asks for")


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.SYMTYPE])
def test_links_count_as_the_copies_that_they_become(tarred, tmp_path, kind):
    links = [special(f"{number}.wav", kind, "0.wav") for number in range(1, 40)]
    refused(tarred(("0.wav", bytes(5_000)), *links), tmp_path / "out", "tar", "unpacks to more than")


def test_sizes_are_counted_again_while_writing(zipped, tmp_path, monkeypatch):
    archive = zipped({"0.wav": bytes(5_000)})
    read = archive_members._zip_members

    def lying(opened):
        for member in read(opened):
            member.size = 1
            yield member

    monkeypatch.setattr(archive_members, "_zip_members", lying)
    monkeypatch.setattr(archive_members, "ALWAYS", 4_000)
    monkeypatch.setattr(archive_members, "RATIO", 0)
    refused(archive, tmp_path / "out", "zip", "unpacks to more than")


def test_more_than_the_disk_has_room_for(zipped, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, room.RESERVE + 8_000))
    # Three bytes in three files: each takes a block.
    archive = zipped({"1.wav": b"1", "2.wav": b"2", "3.wav": b"3"})
    refused(archive, tmp_path / "out", "zip", rf"room for 0\.0 MB in {tmp_path}; make room")


def test_a_disk_that_fills_meanwhile(zipped, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    archive = zipped({"1.wav": b"1"})
    monkeypatch.setattr("permafrost.data.archives._write", full)
    refused(archive, tmp_path / "out", "zip", r"a\.zip: no room left on the disk .*make room")


def test_work_grows_as_the_number_of_members(tarred, tmp_path):
    """Lines of Python that run for a member, of which half are links; a search among all others would be thousands."""
    members, files = 3_000, [("0.wav", b"one"), ("large.wav", bytes(1 << 20))]
    for number in range(members // 3):
        files += [(f"{number}/file", b""), special(f"{number}/soft", tarfile.SYMTYPE, "../0.wav")]
        files += [special(f"{number}/hard", tarfile.LNKTYPE, "0.wav")]
    archive = tarred(*files)
    lines = 0

    def count(_frame, event, _argument):
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        extract(archive, tmp_path / "out", "tar")
    finally:
        sys.settrace(before)
    assert lines < 1_000 * members
