"""Members of archives and what came of them, for the tests of unpacking."""

import tarfile

import pytest

from permafrost.data.archives import extract
from permafrost.errors import PermafrostError


def special(name, kind, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(archive, out, kind, match):
    with pytest.raises(PermafrostError, match=match):
        extract(archive, out, kind)
    assert [path.name for path in out.parent.iterdir()] == [archive.name]
