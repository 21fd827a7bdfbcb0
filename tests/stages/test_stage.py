import os
import signal
import subprocess
import sys
import time

import pytest

from permafrost.errors import PermafrostError
from stages import stage


@pytest.fixture
def params(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("models:\n  a: {lr: 0.1, input: {kind: logmel}}\n")
    return tmp_path


def test_a_dotted_key_is_read(params):
    assert stage.parameters("models.a.lr") == 0.1
    assert stage.parameters("") == {"models": {"a": {"lr": 0.1, "input": {"kind": "logmel"}}}}


def test_a_missing_key_says_what_is_there(params):
    with pytest.raises(PermafrostError, match=r"models\.b: not in params.yaml; models has a"):
        stage.parameters("models.b")


def test_no_params_file_and_a_broken_one(params):
    (params / "params.yaml").write_text("a: [1\n")
    with pytest.raises(PermafrostError, match="not valid YAML"):
        stage.parameters("a")
    (params / "params.yaml").unlink()
    with pytest.raises(PermafrostError, match="project's root"):
        stage.parameters("a")


def run_script(body, send=None):
    imports = "from stages.stage import run\nfrom permafrost.errors import PermafrostError\nimport time\n"
    code = f"{imports}def main():\n    {body}\nrun(main)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if send:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.1)
        os.kill(process.pid, send)
    return *process.communicate(timeout=30), process.returncode


def test_exit_status_says_how_it_ended():
    assert run_script("pass")[2] == 0
    _, error, status = run_script("raise PermafrostError('no such clip')")
    assert status == 1 and error == "error: no such clip\n"
    _, error, status = run_script("1 / 0")
    assert status == 1 and "ZeroDivisionError" in error and "Traceback" in error


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_stage_never_exits_0(sent, status):
    assert run_script("print('ready', flush=True); time.sleep(30)", sent)[2] == status
