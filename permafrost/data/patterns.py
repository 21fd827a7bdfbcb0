"""Regular expressions that users write: some take longer than the universe on a path, so matching has a time limit."""

import time

import regex

from permafrost.errors import PermafrostError

# A pattern that works takes microseconds; both limits are far beyond that on any machine.
MATCH_SECONDS, ALL_SECONDS = 1.0, 60.0


class Pattern:
    """A compiled pattern; ``key`` is where params.yaml has it."""

    def __init__(self, text: str, key: str) -> None:
        self.text, self.key = text, key
        self._compiled = regex.compile(text)
        self._left = ALL_SECONDS

    def fullmatch(self, text: str) -> regex.Match[str] | None:
        """The match of the whole ``text``, or None.

        Raises:
            PermafrostError: the pattern takes too long.
        """
        began = time.perf_counter()
        try:
            return self._compiled.fullmatch(text, timeout=min(MATCH_SECONDS, self._left))
        except TimeoutError:
            raise PermafrostError(
                f"{self.key}: the pattern {self.text} takes too long on {text!r}: it can divide it in too many ways. "
                "Repeat no group that itself repeats, (a+)+; between folders write [^/]+ and not .+"
            ) from None
        finally:
            self._left = max(1e-3, self._left - (time.perf_counter() - began))
