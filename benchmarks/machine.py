"""One line that says where a table was measured."""

import os
import sys

from permafrost.provenance.environment import describe_machine


def describe() -> str:
    """Processor, cores, memory, versions; the accelerator where torch is loaded and sees one."""
    found = describe_machine()
    parts = [str(found["processor"]), f"{found['cores']} cores", f"{memory_gib():.0f} GiB"]
    torch = sys.modules.get("torch")  # a benchmark that does not need torch need not load it for this line
    if torch is not None and torch.cuda.is_available():
        parts.append(torch.cuda.get_device_name())
    versions = [f"{name} {found[name]}" for name in ("torch", "torchvision", "numpy") if name in found]
    return ", ".join([*parts, f"Python {found['python']}", *versions])


def memory_gib() -> float:
    """Main memory of the machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
