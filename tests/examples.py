"""The examples of docs/catalogue.md: file to source."""

import re
from pathlib import Path
from textwrap import dedent
from types import ModuleType

PAGE = Path(__file__).parents[1] / "docs/catalogue.md"
_FOUND = re.findall(r"`(permafrost/\S+\.py)`:\n\n((?:    .*\n|\n)+)", PAGE.read_text(encoding="utf-8"))
EXAMPLES = {file: dedent(source).rstrip() + "\n" for file, source in _FOUND}


def example(file: str) -> ModuleType:
    """That of ``file`` as a module."""
    module = ModuleType(Path(file).stem)
    exec(compile(EXAMPLES[file], file, "exec"), vars(module))
    return module
