"""A dvc.lock that a kill has left empty or cut off is restored; a whole one is kept."""

import subprocess

import pytest

from permafrost.errors import PermafrostError
from permafrost.provenance.lock import COPY, LOCK, is_whole, keep_copy, restore_lock

WHOLE = b"schema: '2.0'\nstages:\n  code:\n    cmd: python -m stages.code\n  split:\n    cmd: python -m stages.split\n"
CUT = (0, 1, len(WHOLE) // 2, WHOLE.index(b"split"), len(WHOLE) - 1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    LOCK.write_bytes(WHOLE)
    return tmp_path


@pytest.mark.parametrize("length", CUT)
def test_it_is_restored_from_the_last_stage_s_copy(folder, length):
    keep_copy()
    LOCK.write_bytes(WHOLE[:length])
    said = restore_lock()
    assert LOCK.read_bytes() == WHOLE and str(COPY) in said
    assert ("empty" in said) == (length == 0)
    assert restore_lock() is None


def test_it_is_restored_from_git_where_no_stage_has_run(folder):
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "add", "dvc.lock"], check=True)
    subprocess.run(["git", "-c", "user.name=T", "-c", "user.email=t@e.org", "commit", "-qm", "lock"], check=True)
    LOCK.write_bytes(b"")
    assert "HEAD" in restore_lock() and LOCK.read_bytes() == WHOLE


def test_it_is_removed_where_nothing_knows_it(folder):
    LOCK.write_bytes(WHOLE[:20])
    assert "removed" in restore_lock() and not LOCK.exists()
    assert restore_lock() is None


def test_a_copy_is_taken_of_what_has_changed_and_whole_alone(folder):
    assert restore_lock() is None and COPY.read_bytes() == WHOLE
    LOCK.write_bytes(WHOLE + b"  train:\n    cmd: python -m stages.train\n")
    assert restore_lock() is None and COPY.read_bytes() == LOCK.read_bytes()
    assert not is_whole(b"[]\n") and not is_whole(b"schema: '2.0'\n") and not is_whole(b"\xff")


def test_marks_of_a_merge_are_left_to_the_user(folder):
    LOCK.write_bytes(b"<<<<<<< HEAD\n" + WHOLE)
    with pytest.raises(PermafrostError, match="--ours"):
        restore_lock()
    assert LOCK.read_bytes().startswith(b"<<<<<<<")
