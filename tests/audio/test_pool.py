import os
import select
import signal
import subprocess
import sys
import time

import pytest

from permafrost.audio.pool import default_workers, spread
from permafrost.errors import PermafrostError


def squares(offset):
    return lambda number: (number * number + offset, os.getpid())


def dies_at(place):
    def task(number):
        if number == place:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    return task


def fails_at(place):
    def task(number):
        if number == place:
            raise ValueError(f"clip {number}")
        return number

    return task


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 16, 17, 100])
def test_results_come_in_order(workers, count):
    results = spread(squares, (5,), count, "test", workers)
    assert [value for value, _ in results] == [number * number + 5 for number in range(count)]
    here = {process for _, process in results} == {os.getpid()}
    assert here == (workers == 1 or count <= 16)


def test_nothing_to_do_is_done():
    assert spread(squares, (5,), 0, "test", 2) == []


def test_an_exception_comes_through():
    with pytest.raises(ValueError, match="clip 30"):
        spread(fails_at, (30,), 100, "test", 2)


def test_a_process_that_is_killed_is_an_error_that_says_what_to_do():
    with pytest.raises(PermafrostError, match=r"test: one of 2 processes was killed.*PERMAFROST_WORKERS"):
        spread(dies_at, (30,), 100, "test", 2)


def test_processes_leave_when_their_parent_is_killed(tmp_path):
    script = """
import os, sys, time
from permafrost.audio.pool import spread
def build(folder):
    open(os.path.join(folder, str(os.getpid())), "w").close()
    return lambda number: time.sleep(60)
spread(build, (sys.argv[1],), 100, "test", 2)
"""
    # The pool's processes hold the writing end of a pipe: reading ends when the last of them has gone.
    reading, writing = os.pipe()
    process = subprocess.Popen([sys.executable, "-c", script, tmp_path], pass_fds=[writing])
    os.close(writing)
    deadline = time.monotonic() + 20
    while len(list(tmp_path.iterdir())) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert select.select([reading], [], [], 20)[0]
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_the_number_of_processes_can_be_set(monkeypatch):
    monkeypatch.delenv("PERMAFROST_WORKERS", raising=False)
    assert default_workers() >= 1
    monkeypatch.setenv("PERMAFROST_WORKERS", "3")
    assert default_workers() == 3


@pytest.mark.parametrize("value", ["0", "two", "-1", "1.5"])
def test_a_number_of_processes_that_is_none_is_named(monkeypatch, value):
    monkeypatch.setenv("PERMAFROST_WORKERS", value)
    with pytest.raises(PermafrostError, match=f"PERMAFROST_WORKERS: got '{value}'"):
        spread(squares, (0,), 100, "test")
