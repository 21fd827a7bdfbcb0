"""One answer of a web server, read by a thread of its own, so that a server that drips holds nobody.

The thread alone waits for the network: for the connection, the headers and each piece. It ends with the process.
"""

import queue
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from permafrost.errors import PermafrostError

MEBIBYTE, PIECE = 1 << 20, 1 << 14
TIMEOUT = (10.0, 60.0)  # seconds: to connect, and between two bytes
PASSING = {408, 425, 429, 500, 502, 503, 504}


class BrokenOffError(Exception):
    """A failure that may pass: the next try continues."""


class WebAnswer:
    """What ``url`` sends from byte ``have`` on, as it is sent (a compressed transfer stays compressed).

    Attributes:
        resumed: whether the server continues at ``have``, else it begins anew.
        complete: ``have`` is all that there is.
        refused: what the server says where it can neither; else empty.
        length: bytes that are to come, or None where the server does not say.
        encoding: how the server has compressed them although it was asked not to, or "identity".

    Args:
        url: http or https.
        have: bytes that are there already.
        window: seconds in which ``least`` bytes must come (the headers count for the first window).
        least: see there.

    Raises:
        BrokenOffError: the connection fails or is too slow, or the server asks to try later.
        PermafrostError: anything else that the server or the address is at fault for.
    """

    def __init__(self, url: str, have: int, window: float, least: int) -> None:
        self.window, self.least = window, least
        self.resumed, self.complete, self.refused, self.length = False, False, "", None
        self.encoding = "identity"
        self._queue: queue.Queue[Any] = queue.Queue(maxsize=8)
        self._left = threading.Event()
        threading.Thread(target=self._read, args=(url, have), daemon=True).start()
        self._next(time.monotonic() + window, "no answer")

    def __enter__(self) -> "WebAnswer":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._left.set()

    def pieces(self) -> Iterator[bytes]:
        """The body in pieces of at most ``PIECE`` bytes."""
        came, until = 0, time.monotonic() + self.window
        while piece := self._next(until, f"{came} bytes"):
            yield piece
            came += len(piece)
            if came >= self.least:
                came, until = 0, time.monotonic() + self.window

    def _next(self, until: float, came: str) -> bytes | None:
        try:
            item = self._queue.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            self._left.set()
            raise BrokenOffError(f"{came} in {self.window:g} s, expected {self.least}") from None
        if isinstance(item, Exception):
            raise item
        return item

    def _put(self, item: bytes | Exception | None) -> bool:
        """Hand ``item`` over; False where nobody takes it any more."""
        while not self._left.is_set():
            try:
                self._queue.put(item, timeout=0.5)
                return True
            except queue.Full:
                continue
        return False

    def _read(self, url: str, have: int) -> None:
        # Here and not above: a source that is not downloaded does not pay for loading them.
        import requests
        import urllib3

        try:
            # identity: with a compressed transfer, lengths and ranges would not be those of the file.
            headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
            with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
                self._understand(response, url, have)
                going = self._put(None) and not (self.complete or self.refused)
                while going:
                    piece = response.raw.read1(PIECE, decode_content=False)
                    going = self._put(piece) and bool(piece)
        except (PermafrostError, BrokenOffError) as error:
            self._put(error)
        except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
            self._put(BrokenOffError(f"{type(error).__name__}: {error}"))
        except Exception as error:  # nobody else would hear of it
            self._put(PermafrostError(f"{url}: {error}; check the address"))

    def _understand(self, response: Any, url: str, have: int) -> None:
        status, told = response.status_code, response.headers.get("Content-Range", "")
        self.resumed = status == 206
        self.complete = status == 416 and told == f"bytes */{have}"
        if not self.complete and (status == 416 or (self.resumed and not told.startswith(f"bytes {have}-"))):
            self.refused = told or str(status)
        elif status in PASSING:
            raise BrokenOffError(f"the server answered {status} {response.reason}")
        elif not self.complete and not response.ok:
            raise PermafrostError(f"{url}: the server answered {status} {response.reason}; check the address")
        self.length = int(response.headers["Content-Length"]) if "Content-Length" in response.headers else None
        self.encoding = response.headers.get("Content-Encoding") or "identity"
