"""Check all parameters, then write what each stage depends on and DVC does not find by itself: code, outside files."""

import json
import shutil
import sys
from pathlib import Path

from permafrost.evaluation.records import shaping
from permafrost.provenance.consumers import code_of, consumers_of
from permafrost.provenance.outside_files import link_files, outside_files
from stages.last_run import notices
from stages.queued import refuse_lost_paths
from stages.schema import check_parameters
from stages.stage import parameters, run

CODE, FILES = Path("data/code"), Path("data/files")


def main() -> None:
    """Write ``data/code/<consumer>.json``: modules, packages, and for runs the parameters that shape them; link into
    ``data/files/<consumer>/`` the files that parameters name."""
    check_parameters()
    everything = parameters("")
    refuse_lost_paths(everything)
    files = outside_files(everything)
    for line in notices(everything):
        print(line, file=sys.stderr)
    explain = everything["study"].get("explain", [])
    code = code_of(consumers_of(everything["models"], everything["baselines"], explain), Path.cwd())
    for stage, section in (("train", "models"), ("baseline", "baselines")):
        for name in everything[section]:
            code[f"{stage}-{name}"]["parameters"] = shaping(everything, section, name)
    shutil.rmtree(CODE, ignore_errors=True)
    CODE.mkdir(parents=True)
    for consumer, made_by in code.items():
        text = json.dumps(made_by, indent=1, ensure_ascii=False)
        (CODE / f"{consumer}.json").write_text(text + "\n", encoding="utf-8")
    link_files(FILES, files)


if __name__ == "__main__":
    run(main)
