"""Writes down what a stage opens and which parameters it reads. Python imports this file by itself, in child processes
too, where PYTHONPATH has its folder; it does something where WATCHED names a folder and the process is a stage's."""

import json
import os
import sys

HERE = os.environ.get("WATCHED")
for number, word in enumerate(sys.orig_argv):
    if word.startswith("stages.") and sys.orig_argv[number - 1] == "-m":
        os.environ["WATCHED_STAGE"] = " ".join(sys.orig_argv[number:])  # children have it from here
STAGE = os.environ.get("WATCHED_STAGE")

if HERE and STAGE:
    log = os.open(os.path.join(HERE, STAGE.replace("/", "_")), os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def watch(event, arguments):
        if event == "open" and not isinstance(arguments[0], int):
            read = arguments[2] & os.O_ACCMODE == os.O_RDONLY
            path = os.path.abspath(os.fsdecode(arguments[0]))
            if read and not os.path.isfile(path):  # a folder, not there, or seen from a folder that has a descriptor
                return
            line = ["read" if read else "write", path]
        elif event == "permafrost.parameters":
            line = ["key", arguments[0]]
        else:
            return
        os.write(log, (json.dumps(line) + "\n").encode())

    sys.addaudithook(watch)
    try:
        import safetensors
    except ImportError:
        pass
    else:
        native = safetensors.safe_open  # opens without Python

        def safe_open(path, *arguments, **named):
            sys.audit("open", os.fspath(path), "r", os.O_RDONLY)
            return native(path, *arguments, **named)

        safetensors.safe_open = safe_open
