"""What stages opened and read, compared with what DVC says they depend on."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import yaml
from dvc.repo import Repo

from permafrost.provenance.identity import identity
from stages.stage import leaves

HOOK = Path(__file__).parent / "hook"
ACCELERATOR_CACHES = (".cache", ".config", ".matplotlib", ".triton", ".nv")
# Read to refuse a run that is stale, to say how far a study is and how long it takes, or to tell the command that
# repeats it at the revision that the report names: they decide no result. All of params.yaml ("") is read for the same
# reasons and to write a run's record.
CHECKED = re.compile(
    r"dvc\.lock|params\.yaml|data/code/(train|baseline)-[^/]+\.json|runs/([^/]+/){3}(run|environment)\.json|conf/.+\.yaml"
)
COMPILED = re.compile(r"__pycache__/([^/.]+)\.[^/]*$")
NO_RESULT = ("", "machine")


def watched(folder):
    """The environment in which a command's stages are watched, into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder.with_name(folder.name + "-tmp")
    scratch.mkdir(exist_ok=True)
    return {"PYTHONPATH": str(HOOK), "WATCHED": str(folder), "TMPDIR": str(scratch)}


def findings(root, logs, flow=None):
    """What stages of the project ``root`` opened or read, by the ``logs`` of their watch, and do not depend on.

    ``flow``: the text of another dvc.yaml than the project's.
    """
    found = []
    stages = _stages(root, flow)
    for log in sorted(logs.iterdir()):
        lines = [json.loads(line) for line in set(log.read_text(encoding="utf-8").splitlines())]
        stage = stages[log.name]
        files, modules, keys = _covered(stage, root)
        written = {path for kind, path in lines if kind == "write"}
        for path in sorted({path for kind, path in lines if kind == "read"} - written):
            if "/site-packages/" in path or not _counts(path, root, logs) or _below(path, stage["outs"]):
                continue
            path = COMPILED.sub(r"\1.py", path)
            module = _module(path, root)
            if os.path.realpath(path) not in files and (module is None or module not in modules):
                found.append(f"{log.name}: opened {os.path.relpath(path, root)}")
        values = leaves(yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8")))
        for key in sorted({key for kind, key in lines if kind == "key"}):
            if key.split(".")[0] in NO_RESULT:
                continue
            for leaf in [leaf for leaf in values if f"{leaf}.".startswith(f"{key}.")] or [key]:
                if not any(f"{leaf}.".startswith(f"{listed}.") for listed in keys):
                    found.append(f"{log.name}: read the parameter {leaf}")
    return found


def _stages(root, flow):
    """By its command without "python -m": dependencies, outputs and parameters as DVC resolves them."""
    copy = root.with_name(root.name + "-flow")
    shutil.rmtree(copy, ignore_errors=True)
    (copy / ".dvc").mkdir(parents=True)
    (copy / ".dvc/config").write_text("[core]\n no_scm = true\n")
    shutil.copy(root / "params.yaml", copy)
    (copy / "dvc.yaml").write_text(flow or (root / "dvc.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    stages = {}
    for stage in Repo(str(copy)).index.stages:
        listed = [key for dep in stage.deps if hasattr(dep, "params") for key in dep.params]
        deps = [os.path.join(root, dep.def_path) for dep in stage.deps if not hasattr(dep, "params")]
        outs = [os.path.join(root, out.def_path) for out in stage.outs]
        stages[stage.cmd.removeprefix("python -m ")] = {"deps": deps, "outs": outs, "params": listed}
    return stages


def _covered(stage, root):
    """Real paths of the files that DVC hashes for a stage, the modules whose hashes it depends on, its parameters."""
    files, modules, keys = set(), set(), list(stage["params"])
    for dep in stage["deps"]:
        found = [dep] if os.path.isfile(dep) else []
        for folder, _, names in os.walk(dep):  # as DVC does: links to files are followed, links to folders are not
            found += [os.path.join(folder, name) for name in names]
        files.update(map(os.path.realpath, found))
        if os.path.dirname(dep) == str(root / "data/code"):
            code = json.loads(Path(dep).read_text(encoding="utf-8"))
            modules.update(code.get("modules", {}))
            # A run's file has the code of its model and of its strategy as hashes.
            for consumer, hashed in code.get("code", {}).items():
                part = json.loads((root / f"data/code/{consumer}.json").read_text(encoding="utf-8"))
                assert identity(part) == hashed
                modules.update(part["modules"])
            for section, values in code.get("parameters", {}).items():  # recipes as wholes, of other sections each key
                keys += [f"{section}.{name}" for name in values]
    return files, modules, keys


def _counts(path, root, logs):
    home = root.parent
    ignored = [sys.prefix, sys.base_prefix, "/proc", "/sys", "/dev", "/etc", "/usr", "/run", HOOK]
    ignored += [root / name for name in (".dvc", ".git", ".ckpt")]
    ignored += [home / name for name in ACCELERATOR_CACHES] + [logs, logs.with_name(logs.name + "-tmp")]
    ignored += [os.path.realpath(sys.prefix), Path(os.environ["NUMBA_CACHE_DIR"]).parent]
    if _below(path, ignored) or path.endswith((".ttf", ".otf", ".ttc")):
        return False
    return not CHECKED.fullmatch(os.path.relpath(path, root)) and not os.path.isdir(path)


def _module(path, root):
    """The module of a file of sources below ``root``, or None."""
    parts = Path(os.path.relpath(path, root)).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__") if parts[0] in ("permafrost", "stages") else None


def _below(path, folders):
    return any(Path(path).is_relative_to(folder) for folder in folders)
