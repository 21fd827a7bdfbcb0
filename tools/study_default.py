"""Which study a bare `dvc exp run` composes: python -m tools.study_default NAME.

`dvc exp run` writes params.yaml anew from conf/ each time. This sets the study in conf/config.yaml and writes
params.yaml; `python -m tools.study_default demo` goes back to the study that the project came with.
"""

import argparse
import re

from permafrost.errors import PermafrostError
from permafrost.parameters.repeating import CONF
from permafrost.settings import choose
from stages.compose import compose_into
from stages.stage import PARAMS, run

CONFIG = CONF / "config.yaml"
LINE = re.compile(r"^(\s*- study: )(\S+)", re.MULTILINE)


def main() -> None:
    """Set the default study."""
    parser = argparse.ArgumentParser(prog="python -m tools.study_default", description=__doc__.split("\n")[0])
    parser.add_argument("study", metavar="NAME", help="a study of conf/study/")
    print(set_default(parser.parse_args().study))


def set_default(study: str) -> str:
    """Make ``study`` the one that conf/config.yaml names and write params.yaml; what was done, in a sentence.

    Raises:
        PermafrostError: there is no such study, or conf/config.yaml names none.
    """
    choose(study, sorted(path.stem for path in (CONF / "study").glob("*.yaml")), "study")
    text = CONFIG.read_text(encoding="utf-8")
    found = LINE.findall(text)
    if len(found) != 1:
        raise PermafrostError(f"{CONFIG}: expected one line `- study: NAME` among the defaults, found {len(found)}")
    before = found[0][1]
    CONFIG.write_text(LINE.sub(rf"\g<1>{study}", text), encoding="utf-8")
    try:
        compose_into(PARAMS, [])
    except Exception:
        CONFIG.write_text(text, encoding="utf-8")
        raise
    if before == study:
        return f"{CONFIG} names the study {study} already; wrote {PARAMS}"
    back = f"; back: python -m tools.study_default {before}"
    return f"{CONFIG}: the default study is {study} now, no longer {before}{back}; wrote {PARAMS}"


if __name__ == "__main__":
    run(main)
