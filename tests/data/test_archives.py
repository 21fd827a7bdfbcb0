import stat
import tarfile
import zipfile

import pytest

from permafrost.data.archives import extract
from permafrost.errors import PermafrostError
from tests.data.archive_contents import contents, refused, special


def test_a_zip_is_unpacked(zipped, tmp_path):
    extract(zipped({"a/": b"", "a/1.wav": b"one", "2.wav": b"two"}), tmp_path / "out", "zip")
    assert contents(tmp_path / "out") == {"a/1.wav": b"one", "2.wav": b"two"}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_unpacked_however_compressed(tarred, tmp_path, mode):
    extract(tarred(special("a", tarfile.DIRTYPE), ("a/1.wav", b"one"), mode=mode), tmp_path / "out", "tar")
    assert contents(tmp_path / "out") == {"a/1.wav": b"one"}


def test_modes_of_the_archive_are_not_taken_over(tarred, tmp_path):
    extract(tarred(("1.wav", b"one")), tmp_path / "out", "tar")
    assert not (tmp_path / "out/1.wav").stat().st_mode & (stat.S_ISUID | stat.S_IXUSR)


def test_leading_folders_are_stripped(zipped, tmp_path):
    extract(zipped({"top/a/1.wav": b"one", "top/b.txt": b"b", "c.txt": b"c"}), tmp_path / "out", "zip", strip=1)
    assert contents(tmp_path / "out") == {"a/1.wav": b"one", "b.txt": b"b"}


def test_backslashes_separate_folders(zipped, tmp_path):
    extract(zipped({"a\\1.wav": b"one"}), tmp_path / "out", "zip")
    assert contents(tmp_path / "out") == {"a/1.wav": b"one"}


def test_links_inside_a_tar_become_copies(tarred, tmp_path):
    archive = tarred(
        ("a/1.wav", b"one"),
        special("b/soft.wav", tarfile.SYMTYPE, "../a/1.wav"),
        special("b/hard.wav", tarfile.LNKTYPE, "a/1.wav"),
    )
    extract(archive, tmp_path / "out", "tar")
    assert contents(tmp_path / "out") == {"a/1.wav": b"one", "b/soft.wav": b"one", "b/hard.wav": b"one"}
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/tmp/x", "a/../b", "..\\x", "C:\\x"])
def test_a_zip_member_that_leaves_the_folder(zipped, tmp_path, name):
    archive = zipped({"good.wav": b"good", name: b"bad"})
    with pytest.raises(PermafrostError) as error:
        extract(archive, tmp_path / "out", "zip")
    assert str(archive) in str(error.value) and repr(name.replace("\\", "/")) in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize(
    "bad",
    [
        ("../x", b"bad"),
        ("/tmp/x", b"bad"),
        special("../folder", tarfile.DIRTYPE),
        special("soft", tarfile.SYMTYPE, "/etc/passwd"),
        special("soft", tarfile.SYMTYPE, "../passwd"),
        special("a/soft", tarfile.SYMTYPE, "../../passwd"),
        special("hard", tarfile.LNKTYPE, "../passwd"),
        special("device", tarfile.CHRTYPE),
        special("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda member: member[0] if isinstance(member, tuple) else f"{member.name}-{member.linkname}",
)
def test_a_tar_member_that_leaves_the_folder_or_is_no_file(tarred, tmp_path, bad):
    archive = tarred(("good.wav", b"good"), bad)
    with pytest.raises(PermafrostError) as error:
        extract(archive, tmp_path / "out", "tar")
    assert repr(bad[0] if isinstance(bad, tuple) else bad.name) in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar"]


def test_a_link_in_a_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(PermafrostError, match="'link' is a device or a link"):
        extract(tmp_path / "a.zip", tmp_path / "out", "zip")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "links",
    [
        [special("soft", tarfile.SYMTYPE, "missing.wav")],
        [special("soft", tarfile.SYMTYPE, "soft")],
        [special("soft", tarfile.SYMTYPE, "other"), special("other", tarfile.SYMTYPE, "soft")],
        [special("hard", tarfile.LNKTYPE, "hard")],
        [special("hard", tarfile.LNKTYPE, "later"), ("later", b"")],
    ],
)
def test_a_link_that_leads_nowhere(tarred, tmp_path, links):
    with pytest.raises(PermafrostError, match=r"a\.tar: the member '(soft|hard)' links to .* leads nowhere"):
        extract(tarred(*links), tmp_path / "out", "tar")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar"]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_damaged_archive_leaves_nothing(zipped, tarred, tmp_path, kind):
    body = bytes(range(256)) * 400
    archive = zipped({"1.wav": body, "2.wav": body}) if kind == "zip" else tarred(("1.wav", body), ("2.wav", body))
    damaged = bytearray(archive.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    archive.write_bytes(damaged)
    with pytest.raises(PermafrostError, match=rf"{archive} does not unpack as {kind}"):
        extract(archive, tmp_path / "out", kind)
    assert [path.name for path in tmp_path.iterdir()] == [archive.name]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_file_that_is_no_archive(tmp_path, kind):
    (tmp_path / "page.html").write_text("<html>not found</html>")
    with pytest.raises(PermafrostError, match=rf"page\.html does not unpack as {kind}"):
        extract(tmp_path / "page.html", tmp_path / "out", kind)


def test_an_archive_with_nothing_left_after_stripping(zipped, tmp_path):
    with pytest.raises(PermafrostError, match="no file below 2 leading folders"):
        extract(zipped({"a/1.wav": b"one"}), tmp_path / "out", "zip", strip=2)


def test_two_archives_fill_one_folder_unless_they_clash(zipped, tmp_path):
    extract(zipped({"a/1.wav": b"one"}), tmp_path / "out", "zip")
    extract(zipped({"a/2.wav": b"two"}, "b.zip"), tmp_path / "out", "zip")
    with pytest.raises(PermafrostError, match=r"a/2\.wav is there already"):
        extract(zipped({"a/0.wav": b"new", "a/2.wav": b"other"}, "c.zip"), tmp_path / "out", "zip")
    assert contents(tmp_path / "out") == {"a/1.wav": b"one", "a/2.wav": b"two"}


def test_a_nul_in_a_zip_member_s_name(zipped, tmp_path):
    archive = zipped({"goodXname.wav": b"one"})
    archive.write_bytes(archive.read_bytes().replace(b"goodXname", b"good\0name"))
    refused(archive, tmp_path / "out", "zip", r"'good\\x00name\.wav' has a NUL in its name")


@pytest.mark.parametrize(
    ("name", "fault"),
    [("a\0b.wav", "has a NUL"), ("a" * 300, "has a name of 300 bytes"), ("a/" * 2000 + "b.wav", "2001 folders deep")],
)
def test_a_name_that_no_disk_takes(tmp_path, name, fault):
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("short.wav")
        info.pax_headers = {"path": name}
        archive.addfile(info)
    refused(tmp_path / "a.tar", tmp_path / "out", "tar", fault)


def test_of_two_members_of_one_name_the_later_is_kept_and_links_mean_what_they_meant(tarred, tmp_path):
    archive = tarred(
        ("top/a", b"old"),
        special("top/hard", tarfile.LNKTYPE, "top/a"),
        ("top/a", b"new"),
        special("top/soft", tarfile.SYMTYPE, "a"),
        ("outer", b"stripped"),
        special("top/outer", tarfile.LNKTYPE, "outer"),
        special("top/chain", tarfile.SYMTYPE, "outer"),
    )
    extract(archive, tmp_path / "out", "tar", strip=1)
    found = {"a": b"new", "hard": b"old", "soft": b"new", "outer": b"stripped", "chain": b"stripped"}
    assert contents(tmp_path / "out") == found
