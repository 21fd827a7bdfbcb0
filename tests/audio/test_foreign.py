import os
import zipfile

import numpy as np
import pytest
import soundfile

from permafrost.audio.decoding import decode
from permafrost.audio.rejection import Rejected

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 32044\n".format("a" * 64)
FOREIGN = {
    POINTER.encode(): "a Git LFS pointer, not the recording: run `git lfs pull`$",
    b"/annex/objects/SHA256E-s8044--aa.wav\n": "a git-annex pointer, not the recording: run `git annex get`$",
    b"\n<!DOCTYPE html><title>404 Not Found</title>": "an HTML page, not a recording: the download failed",
    b"<HTML>Sign in": "an HTML page",
    b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>": "an XML text",
    b'{"error": "quota exceeded"}': "a JSON text",
    b"PK\x03\x04\x14\0\x09\0\x08": "an encrypted zip archive",
    b"\x1f\x8b\x08\0": "packed, not a recording",
    b"Salted__\x01\x02": "encrypted",
    b"\x89PNG\r\n": "a document or picture",
    bytes(9000): "zero bytes where its header should be",
    b"please ask the author for this file": "a text, not a recording",
}


@pytest.mark.parametrize(("content", "reason"), FOREIGN.items(), ids=FOREIGN.values())
@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.m4a"])
def test_what_is_no_recording_is_named(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Rejected, match=f"^unreadable: {reason}"):
        decode(path)


def test_a_zip_archive_is_named(tmp_path):
    path = tmp_path / "a.wav"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "text")
    with pytest.raises(Rejected, match=r"^unreadable: a zip archive, not a recording: unpack it"):
        decode(path)


def test_links_that_lead_nowhere_and_what_is_no_file_are_named(tmp_path):
    (tmp_path / "a.wav").symlink_to(tmp_path / "gone.wav")
    (tmp_path / "b.wav").symlink_to("../.git/annex/objects/x/y.wav")
    (tmp_path / "c.wav").symlink_to("c.wav")
    os.mkfifo(tmp_path / "d.wav")
    reasons = {
        "a": f"a link to {tmp_path}/gone.wav, which does not exist$",
        "b": "a link to ../.git/annex/objects/x/y.wav, which does not exist: run `git annex get`$",
        "c": "unreadable: Too many levels of symbolic links",
        "d": "a named pipe, not a file",
    }
    for name, reason in reasons.items():
        with pytest.raises(Rejected, match=f"^{reason}"):
            decode(tmp_path / f"{name}.wav")


@pytest.mark.parametrize("written", ["wav", "flac", "ogg", "mp3", "aiff"])
@pytest.mark.parametrize("called", ["wav", "mp3", "m4a"])
def test_a_wrong_ending_changes_nothing(tmp_path, written, called):
    right, wrong = tmp_path / f"right.{written}", tmp_path / f"wrong.{called}"
    soundfile.write(right, 0.5 * np.sin(np.arange(8000) / 5), 8000)
    wrong.write_bytes(right.read_bytes())
    np.testing.assert_array_equal(decode(wrong).samples, decode(right).samples)
