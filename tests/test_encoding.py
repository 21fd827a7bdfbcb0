"""No locale can stop a stage: text is UTF-8 wherever it is read or written, and what a terminal lacks is escaped."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = {"open", "read_text", "write_text", "fdopen", "NamedTemporaryFile", "TemporaryFile"}
BINARY_BY_DEFAULT = {"NamedTemporaryFile", "TemporaryFile"}
OF_BYTES = {"os", "tarfile", "Image", "member"}  # what has an `open` that gives no text
PROCESSES = {"run", "Popen", "check_output"}


def without_encoding(tree):
    """Lines of calls that read or write text in whatever encoding the locale has."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        owner = getattr(getattr(node.func, "value", None), "id", None)
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        given = [*node.args, *([keywords["mode"]] if "mode" in keywords else [])]
        constants = [part.value for value in given for part in ast.walk(value) if isinstance(part, ast.Constant)]
        binary = any(isinstance(value, str) and value.strip("+abrtwx") == "" and "b" in value for value in constants)
        text = name in TEXT and owner not in OF_BYTES and not binary
        if name in BINARY_BY_DEFAULT:
            text = any(isinstance(value, str) and "b" not in value for value in constants)
        if name in PROCESSES:
            text = "text" in keywords or "universal_newlines" in keywords
        if text and getattr(keywords.get("encoding"), "value", "") not in ("utf-8", "utf-8-sig", "ascii"):
            yield node.lineno


@pytest.mark.parametrize("package", ["permafrost", "stages", "tools", "benchmarks"])
def test_text_is_read_and_written_as_utf_8(package):
    files = sorted((ROOT / package).rglob("*.py"))
    places = [f"{file}:{line}" for file in files for line in without_encoding(ast.parse(file.read_text("utf-8")))]
    assert files and not places, "say encoding='utf-8' (pandas does by itself)"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("open(path)", True),
        ("(folder / 'a').write_text(text)", True),
        ("path.open('w')", True),
        ("subprocess.run(command, text=True)", True),
        ("open(path, encoding='latin-1')", True),
        ("tempfile.TemporaryFile('w+')", True),
        ("open(path, encoding='utf-8')", False),
        ("path.open('r+b')", False),
        ("path.open('ab' if resumed else 'wb')", False),
        ("tarfile.open(path)", False),
        ("tempfile.TemporaryFile()", False),
        ("subprocess.run(command)", False),
    ],
)
def test_the_search_finds_what_it_should(line, found):
    assert bool(list(without_encoding(ast.parse(line)))) == found


STAGE = """
from pathlib import Path
from stages.stage import parameters, run

def main():
    print("−日", parameters("path"))
    Path(parameters("path")).write_text("é", encoding="utf-8")
    (name,) = (path.name for path in Path().iterdir() if path.suffix == ".txt")
    Path("table.csv").write_text(name, encoding="utf-8")

run(main)
"""


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "cp1252"},
    ],
    ids=str,
)
def test_a_stage_runs_in_any_locale_and_any_folder(tmp_path, locale):
    project = tmp_path / "Größe−日本"
    project.mkdir()
    (project / "params.yaml").write_text("path: é−.txt\n", encoding="utf-8")
    (project / "some_stage.py").write_text(STAGE, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-m", "some_stage"],
        cwd=project,
        env=environment | locale | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("−日 é−.txt".encode(), b"\\u2212\\u65e5 \xe9\\u2212.txt")
    assert (project / "table.csv").read_text(encoding="utf-8") == "é−.txt"
