import gzip
import hashlib
import shutil
import threading
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from permafrost import room
from permafrost.data import download as downloads
from permafrost.data.download import LEAST, TRIES, checksum, download
from permafrost.data.web_answer import PIECE
from permafrost.errors import PermafrostError

BODY = bytes(range(256)) * 12_800  # somewhat over 3 MiB, in quarters that are whole pieces
SHA = hashlib.sha256(BODY).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves BODY at /file; its attributes say how it fails."""

    ranges = True  # whether it can continue
    break_after = 0  # bytes after which it closes the connection; 0: never
    breaks = 0  # how often it does that
    answers = ()  # statuses to answer with before anything else
    drips = None  # what it sends a byte at a time without end: "headers", "body", "chunk sizes"
    endless = False  # whether it sends zeros without end and says no length
    encoding = None  # the Content-Encoding under which it sends BODY, compressed

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.ended = threading.Event()
        self.asked = []  # the Range header of every request

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/file"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, asked = self.server, self.headers.get("Range")
        server.asked.append(asked)
        if server.answers:
            status, *server.answers = server.answers
            self.send_error(status)
            return
        if server.drips or server.endless or server.encoding:
            self.misbehave(server)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and server.ranges else 0
        if start >= len(BODY):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(BODY)}")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        self.send_header("Content-Length", str(len(BODY) - start))
        self.end_headers()
        stop = len(BODY)
        if server.breaks:
            server.breaks -= 1
            stop = start + server.break_after
        self.wfile.write(BODY[start:stop])

    def misbehave(self, server):
        if server.drips == "headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        else:
            self.send_response(200)
            if server.encoding:
                self.send_header("Content-Encoding", server.encoding)
            if server.drips == "chunk sizes":
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
        if server.encoding:
            self.wfile.write(gzip.compress(BODY, mtime=0))
            return
        try:
            while not server.ended.wait(0 if server.endless else 0.02):
                self.wfile.write(bytes(PIECE) if server.endless else b"0")
        except OSError:
            pass  # the other side has had enough

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Server() as started:
        thread = threading.Thread(target=started.serve_forever, args=(0.01,))
        thread.start()
        yield started
        started.ended.set()
        started.shutdown()
        thread.join()


def test_a_file_arrives_whole_and_its_checksum_is_returned(server, tmp_path):
    assert download(server.url, tmp_path / "got", SHA.upper()) == SHA
    assert (tmp_path / "got").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["got"]


def test_a_file_that_is_there_is_not_loaded_again(server, tmp_path):
    (tmp_path / "got").write_bytes(BODY)
    download(server.url, tmp_path / "got", SHA)
    assert server.asked == []


def test_a_file_with_another_checksum_is_loaded_again(server, tmp_path):
    (tmp_path / "got").write_bytes(b"old")
    download(server.url, tmp_path / "got", SHA)
    assert (tmp_path / "got").read_bytes() == BODY


def test_a_broken_transfer_continues_where_it_stopped(server, tmp_path):
    server.break_after, server.breaks = len(BODY) // 4, 2
    assert download(server.url, tmp_path / "got", SHA, pause=0) == SHA
    quarter = len(BODY) // 4
    assert server.asked == [None, f"bytes={quarter}-", f"bytes={2 * quarter}-"]


def test_a_server_that_cannot_continue_starts_again(server, tmp_path):
    server.ranges, server.break_after, server.breaks = False, len(BODY) // 2, 1
    assert download(server.url, tmp_path / "got", SHA, pause=0) == SHA
    assert (tmp_path / "got").read_bytes() == BODY


def test_what_an_earlier_run_left_is_continued(server, tmp_path):
    (tmp_path / "got.part").write_bytes(BODY[:1000])
    download(server.url, tmp_path / "got", SHA)
    assert server.asked == ["bytes=1000-"]
    assert (tmp_path / "got").read_bytes() == BODY


def test_a_whole_part_needs_no_transfer(server, tmp_path):
    (tmp_path / "got.part").write_bytes(BODY)
    assert download(server.url, tmp_path / "got", SHA) == SHA


def test_a_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    (tmp_path / "got.part").write_bytes(BODY + b"more")
    assert download(server.url, tmp_path / "got", SHA, pause=0) == SHA


def test_without_a_checksum_an_earlier_part_is_not_trusted(server, tmp_path):
    (tmp_path / "got.part").write_bytes(b"of another file")
    assert download(server.url, tmp_path / "got", None) == SHA


def test_a_passing_failure_is_tried_again_and_said(server, tmp_path, caplog):
    server.answers = (503, 429)
    assert download(server.url, tmp_path / "got", SHA, pause=0) == SHA
    assert "503" in caplog.text and "429" in caplog.text and server.url in caplog.text


def test_a_server_that_never_gets_further_is_given_up_and_the_part_kept(server, tmp_path):
    server.break_after, server.breaks, server.ranges = PIECE, 99, False
    with pytest.raises(PermafrostError, match=rf"{server.url}.*gave up after {TRIES} tries.*with {PIECE} bytes"):
        download(server.url, tmp_path / "got", SHA, pause=0)
    assert (tmp_path / "got.part").read_bytes() == BODY[:PIECE]
    assert not (tmp_path / "got").exists()


def test_an_address_that_is_not_there_is_not_tried_again(server, tmp_path):
    server.answers = (404,)
    with pytest.raises(PermafrostError, match=rf"{server.url}: the server answered 404"):
        download(server.url, tmp_path / "got", SHA, pause=0)
    assert len(server.asked) == 1


def test_no_server_at_all(tmp_path):
    with Server() as closed:
        url = closed.url
    with pytest.raises(PermafrostError, match="gave up"):
        download(url, tmp_path / "got", SHA, pause=0)


def test_a_wrong_checksum_names_all_three_and_removes_the_file(server, tmp_path):
    wrong = "0" * 64
    with pytest.raises(PermafrostError) as error:
        download(server.url, tmp_path / "got", wrong)
    for word in (server.url, wrong, SHA):
        assert word in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_url(tmp_path):
    assert download(_file(tmp_path), tmp_path / "got", SHA) == SHA
    assert checksum(tmp_path / "got") == SHA


def test_a_file_url_that_is_not_there(tmp_path):
    with pytest.raises(PermafrostError, match="missing cannot be read"):
        download((tmp_path / "missing").as_uri(), tmp_path / "got", SHA)


@pytest.mark.parametrize("what", ["headers", "body", "chunk sizes"])
def test_a_server_that_drips_is_given_up(server, tmp_path, what):
    server.drips = what
    with pytest.raises(PermafrostError, match=rf"in 0\.1 s, expected {LEAST}; gave up after {TRIES} tries"):
        download(server.url, tmp_path / "got", None, pause=0, window=0.1)
    assert len(server.asked) == TRIES
    assert list(tmp_path.iterdir()) == []


def test_a_stream_without_end_is_cut_off_and_nothing_is_kept(server, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "UNDECLARED", 3 << 20)
    server.endless = True
    for sha256 in (None, SHA):
        with pytest.raises(PermafrostError, match=r"sent more than 3\.1 MB and never said how much"):
            download(server.url, tmp_path / "got", sha256, pause=0)
        assert list(tmp_path.iterdir()) == []


def test_what_is_sent_compressed_is_not_decompressed(server, tmp_path):
    server.encoding = "gzip"
    with pytest.raises(PermafrostError, match=r"compressed \(gzip\).*give the sha256"):
        download(server.url, tmp_path / "got", None, pause=0)
    assert list(tmp_path.iterdir()) == []
    sent = gzip.compress(BODY, mtime=0)
    assert download(server.url, tmp_path / "got", hashlib.sha256(sent).hexdigest(), pause=0)
    assert (tmp_path / "got").read_bytes() == sent


@pytest.fixture
def disk(monkeypatch):
    """Sets how much a disk has left, beyond the reserve."""
    usage = namedtuple("usage", "total used free")

    def leave(*answers):
        left = list(answers)
        monkeypatch.setattr(
            shutil, "disk_usage", lambda _: usage(0, 0, room.RESERVE + (left.pop(0) if len(left) > 1 else left[0]))
        )

    return leave


def test_a_file_larger_than_the_room_is_refused_before_it_comes(server, tmp_path, disk):
    disk(len(BODY) - 1)
    for url in (server.url, _file(tmp_path)):
        with pytest.raises(PermafrostError, match=rf"{url}: 3\.3 MB are to come, but there is room for 3\.3 MB"):
            download(url, tmp_path / "got", SHA)
    assert [path.name for path in tmp_path.iterdir()] == ["a file"]


def test_a_disk_that_others_fill_meanwhile(server, tmp_path, disk):
    disk(2 * len(BODY), 0)
    with pytest.raises(PermafrostError, match=r"room for 0\.0 MB"):
        download(server.url, tmp_path / "got", SHA)
    kept = (tmp_path / "got.part").read_bytes()
    assert kept and BODY.startswith(kept)
    disk(2 * len(BODY))
    assert download(server.url, tmp_path / "got", SHA) == SHA
    assert server.asked[1] == f"bytes={len(kept)}-"


def test_a_disk_that_is_full_is_said_plainly(server, tmp_path):
    (tmp_path / "got.part").symlink_to("/dev/full")
    with pytest.raises(PermafrostError, match=rf"{server.url}: no room left on the disk .*make room and run again"):
        download(server.url, tmp_path / "got", SHA)


def test_a_file_url_that_is_no_file(tmp_path):
    for path in ("/dev/zero", tmp_path.as_posix()):
        with pytest.raises(PermafrostError, match="it is no file"):
            download(f"file://{path}", tmp_path / "got", None)


def _file(folder):
    (folder / "a file").write_bytes(BODY)
    return (folder / "a file").as_uri()
