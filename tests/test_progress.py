import sys

from permafrost import progress as module
from permafrost.progress import progress


def test_a_log_gets_lines(capsys, monkeypatch):
    monkeypatch.setattr(module, "SECONDS_BETWEEN_LINES", 0.0)
    assert list(progress("abc", 3, "decode")) == ["a", "b", "c"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("decode: 1/3 clips") and lines[-1].startswith("decode: 3/3 clips in")
    assert "\r" not in "".join(lines)


def test_a_terminal_gets_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert list(progress(range(3), 3, "decode", unit="file")) == [0, 1, 2]
    assert "3/3" in capsys.readouterr().err
