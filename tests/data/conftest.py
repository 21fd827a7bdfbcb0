"""Archives made in the test's folder."""

import io
import tarfile
import zipfile

import pytest


@pytest.fixture
def zipped(tmp_path):
    def make(members, name="a.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return tmp_path / name

    return make


@pytest.fixture
def tarred(tmp_path):
    """Members are (name, content) for a file, or a TarInfo that needs no content."""

    def make(*members, mode="w:gz"):
        with tarfile.open(tmp_path / "a.tar", mode) as archive:
            for member in members:
                if isinstance(member, tarfile.TarInfo):
                    archive.addfile(member)
                else:
                    info = tarfile.TarInfo(member[0])
                    info.size = len(member[1])
                    info.mode = 0o4777
                    archive.addfile(info, io.BytesIO(member[1]))
        return tmp_path / "a.tar"

    return make
