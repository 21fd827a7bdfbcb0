"""Check all parameters, then write what each stage depends on and DVC does not find by itself: code, outside files."""

import json
import shutil
import sys
from itertools import product
from pathlib import Path

from permafrost.evaluation.records import code_file, shaping
from permafrost.evaluation.study import NO_STRATEGY, Run
from permafrost.parameters.last_run import notices
from permafrost.parameters.networks import check_networks
from permafrost.parameters.queued import refuse_lost_paths
from permafrost.parameters.schema import check_parameters
from permafrost.provenance.consumers import code_of, consumers_of
from permafrost.provenance.identity import identity
from permafrost.provenance.outside_files import link_files, outside_files
from stages.stage import parameters, run

CODE, FILES = Path("data/code"), Path("data/files")


def main() -> None:
    """Write ``data/code/<consumer>.json``: modules, packages, and for runs the parameters that shape them (of networks,
    a file a strategy, with the model's code as a hash); link into ``data/files/<consumer>/`` the files that parameters
    name."""
    everything = parameters("")
    check_parameters(everything)
    refuse_lost_paths(everything)
    files = outside_files(everything)
    check_networks(everything)
    for line in notices(everything):
        print(line, file=sys.stderr)
    code = code_of(consumers_of(everything), Path.cwd())
    for name in everything["baselines"]:
        code[f"baseline-{name}"]["parameters"] = shaping(everything, name, NO_STRATEGY)
    for model, freeze in product(everything["models"], everything["freezing"]):
        code[code_file(Run(model, freeze, 0)).stem] = {
            "code": {name: identity(code[name]) for name in (f"train-{model}", f"strategy-{freeze}")},
            "parameters": shaping(everything, model, freeze),
        }
    shutil.rmtree(CODE, ignore_errors=True)
    CODE.mkdir(parents=True)
    for consumer, made_by in code.items():
        text = json.dumps(made_by, indent=1, ensure_ascii=False)
        (CODE / f"{consumer}.json").write_text(text + "\n", encoding="utf-8")
    link_files(FILES, files)


if __name__ == "__main__":
    run(main)
