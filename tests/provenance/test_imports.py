from pathlib import Path

import pytest

from permafrost.errors import PermafrostError
from permafrost.provenance.imports import DYNAMIC_IMPORT_ALLOWED, Sources

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path):
    """A small package whose `run` imports `used` (which imports `deep` in a function), not `other`."""

    def write(**changed):
        files = {
            "__init__": '"""A package."""\n',
            "run": "from pkg import used\n\nprint(used.f(1))\n",
            "used": 'def f(x):\n    """Say what."""\n    from .deep import g\n    return g(x) + 1  # why\n',
            "deep": "import json\n\ndef g(x):\n    return len(json.dumps(x))\n",
            "other": "def h():\n    return 3\n",
        } | changed
        (tmp_path / "pkg").mkdir(exist_ok=True)
        for name, text in files.items():
            (tmp_path / "pkg" / f"{name}.py").write_text(text)
        return Sources(tmp_path, ["pkg"])

    return write


def test_the_closure_is_what_is_imported_directly_or_not(project):
    assert list(project().closure(["pkg.run"])) == ["pkg", "pkg.deep", "pkg.run", "pkg.used"]
    assert list(project().closure(["pkg.deep"])) == ["pkg", "pkg.deep"]
    assert project().third_party(["pkg.deep"]) == {"json"}


@pytest.mark.parametrize(
    "used",
    [
        'def f(x):\n    """Another docstring."""\n    from .deep import g\n    return g(x) + 1\n',
        "# A comment.\n\n\ndef f(\n    x,\n):\n    from .deep import (\n        g,\n    )\n\n    return (g(x) + 1)\n",
    ],
)
def test_comments_docstrings_and_layout_change_nothing(project, used):
    before = project().closure(["pkg.run"])
    assert project(used=used).closure(["pkg.run"]) == before


@pytest.mark.parametrize(
    "used",
    [
        "def f(x):\n    from .deep import g\n    return g(x) + 2\n",
        "def f(x):\n    from .deep import g\n    return g(x) - 1\n",
        "def f(y):\n    from .deep import g\n    return g(y) + 1\n",
        "def f(x):\n    from .deep import g\n    return (g(x) + 1) or 0\n",
    ],
)
def test_changed_code_changes_its_module_alone(project, used):
    before, after = project().closure(["pkg.run"]), project(used=used).closure(["pkg.run"])
    assert {name for name in before if before[name] != after[name]} == {"pkg.used"}


def test_what_is_not_imported_does_not_count(project):
    before = project().closure(["pkg.run"])
    assert project(other="def h():\n    return 4\n").closure(["pkg.run"]) == before


def test_falsy_constants_count(project):
    assert project(deep="X = 0\ndef g(x): ...\n").closure(["pkg.deep"]) != project(
        deep="X = False\ndef g(x): ...\n"
    ).closure(["pkg.deep"])


@pytest.mark.parametrize(
    "line",
    [
        "import importlib; importlib.import_module('pkg.other')",
        "__import__('pkg.other')",
        "exec('import pkg.other')",
        "from importlib import import_module; import_module('pkg.other')",
        "import runpy; runpy.run_module('pkg.other')",
    ],
)
def test_an_import_by_name_is_refused_where_it_stands(project, line):
    with pytest.raises(PermafrostError, match=r"deep\.py, line 1: .*hides what is imported"):
        project(deep=line + "\ndef g(x): ...\n").closure(["pkg.run"])


def test_a_broken_file_is_named(project):
    with pytest.raises(PermafrostError, match=r"deep\.py, line 1"):
        project(deep="def g(:\n").closure(["pkg.run"])


def test_this_project_imports_nothing_by_name_but_the_catalogue():
    sources = Sources(ROOT, ["permafrost", "stages"])
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for package in ("permafrost", "stages")
        for path in (ROOT / package).rglob("*.py")
    ]
    closure = sources.closure(modules)
    assert DYNAMIC_IMPORT_ALLOWED in closure and set(modules) <= set(closure)


def test_imports_run_downward():
    """report → evaluation; transfer → models, data; nothing imports stages; the library knows nothing of DVC."""
    below = {
        "metrics": {"metrics"},
        "readers": {"readers", "audio", "data"},
        "objectives": {"objectives"},
        "audio": {"audio"},
        "data": {"data", "audio"},
        "models": {"models", "data"},
        "backbones": {"backbones", "models", "audio"},
        "evaluation": {"evaluation", "metrics", "provenance"},
        "provenance": {"provenance", "metrics", "objectives", "strategies", "models", "data", "audio"},
        "strategies": {"strategies", "models"},
        "transfer": {
            "transfer",
            "strategies",
            "backbones",
            "objectives",
            "models",
            "data",
            "audio",
            "evaluation",
            "provenance",
        },
        "baselines": {"baselines", "strategies", "transfer", "models", "data", "audio", "evaluation"},
        "prediction": {"prediction", "baselines", "transfer", "models", "data", "audio", "evaluation"},
        "parameters": {
            *(
                "parameters",
                "baselines",
                "transfer",
                "strategies",
                "models",
                "data",
                "audio",
                "evaluation",
                "provenance",
            ),
            "objectives",
        },
        "report": {"report", "evaluation", "metrics", "provenance", "audio", "data"},
    }
    sources = Sources(ROOT, ["permafrost", "stages"])
    for package, allowed in below.items():
        for path in (ROOT / "permafrost" / package).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for name in sources.imported(module):
                parts = name.split(".")
                assert parts[0] not in ("stages", "dvc", "argparse"), f"{module} imports {name}"
                if parts[0] == "permafrost" and len(parts) > 1 and (ROOT / "permafrost" / parts[1]).is_dir():
                    assert parts[1] in allowed, f"{module} imports {name}"
