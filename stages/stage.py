"""What every stage script shares: its parameters, how it fails, how it is interrupted."""

import gc
import io
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from permafrost import plain_yaml
from permafrost.errors import PermafrostError
from permafrost.provenance.lock import keep_copy
from permafrost.settings import Model, nearest, part_of, shown, validate
from permafrost.threads import fix_threads

PARAMS = Path("params.yaml")
READ = "permafrost.parameters"  # the audit event by which it can be watched what a stage reads: the dotted key


def parameters(key: str) -> Any:
    """The value under a dotted ``key`` of params.yaml, as plain Python data; all of it for ``""``.

    Raises:
        PermafrostError: params.yaml cannot be read, or the key is not in it (the error lists what is).
    """
    sys.audit(READ, key)
    return _value(key)


def _value(key: str) -> Any:
    node: Any = plain_yaml.read(PARAMS)
    walked: list[str] = []
    for part in filter(None, key.split(".")):
        if not isinstance(node, dict) or part not in node:
            there = ", ".join(node) + nearest(part, node) if isinstance(node, dict) else shown(node)
            place = ".".join(walked) or str(PARAMS)
            raise PermafrostError(f"{key}: not in {PARAMS}; {place} has {there}")
        node = node[part]
        walked.append(part)
    return node


def leaves(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Every value below ``values`` by its dotted key."""
    found = {}
    for key, value in values.items():
        found |= leaves(value, f"{above}{key}.") if isinstance(value, Mapping) else {f"{above}{key}": value}
    return found


def section(key: str, schema: type[Model]) -> Model:
    """The parameters under ``key``, checked against ``schema``; every key there must be one of the schema's."""
    return validate(schema, parameters(key), key)


def part(key: str, schema: type[Model]) -> Model:
    """Those parameters under ``key`` that ``schema`` has.

    Keys that no part knows are refused once, by the stage ``code``, which checks all parameters.
    """
    values = _value(key)
    for name in schema.model_fields:
        sys.audit(READ, f"{key}.{name}")
    return part_of(values, schema, key)


def run(main: Callable[[], None]) -> None:
    """Run a stage's ``main``; exit 1 with a plain message for a user's error, 130 on Ctrl-C, 143 on SIGTERM.

    DVC records a stage that exits 0 as complete, so an interrupted stage must never do so. Where a shell has SIGINT
    ignored (`nohup dvc repro &`), it stays so: Ctrl-C is for what runs in front; SIGTERM is always heard. Numbers
    must not depend on OMP_NUM_THREADS: a stage has one thread, but for training (``train.threads``) and pools.
    Signs that a terminal's encoding lacks are written as escapes: what is printed never stops a stage.
    """
    if sys.getfilesystemencoding() != "utf-8" and os.environ.get("PYTHONUTF8") != "1":
        # Names of files cannot be decoded in such a locale; how they are is decided when Python starts.
        os.execve(sys.executable, sys.orig_argv, os.environ | {"PYTHONUTF8": "1"})
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # tests and notebooks have others
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        if "DVC_STAGE" in os.environ:  # DVC sets it for what it starts
            keep_copy()
        fix_threads(1)
        main()
    except PermafrostError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    finally:
        gc.freeze()  # the interpreter would look through everything once more before it ends
