import os
import signal
import subprocess
import sys
import time

import pytest

from permafrost.errors import PermafrostError
from stages import stage
from tests.conftest import hear_ctrl_c


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


@pytest.fixture
def interruptions_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptions_ignored")
def test_in_the_background_ctrl_c_is_for_others_and_sigterm_still_ends_a_stage():
    body = "os.kill(os.getpid(), signal.SIGINT); print('ready', flush=True); time.sleep(30)"
    assert run_script(f"import os, signal; {body}", signal.SIGTERM)[2] == 143


@pytest.mark.usefixtures("interruptions_ignored")
def test_tests_hear_ctrl_c_also_in_the_background():
    hear_ctrl_c()
    assert run_script("print('ready', flush=True); time.sleep(30)", signal.SIGINT)[2] == 130
