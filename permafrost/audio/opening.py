"""A recording's file opened by what can read it, or the reason why nothing can.

soundfile (libsndfile) reads wav, flac, ogg, opus, mp3, au, aiff and caf; ffmpeg, where there is one, reads what it does
not know. Which of the two reads a file depends on the file alone; so does what is mended in its header.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import soundfile

from permafrost.audio.ffmpeg import decoded_by_ffmpeg
from permafrost.audio.foreign import foreign_kind, no_file
from permafrost.audio.formats import container_of
from permafrost.audio.rejection import Rejected
from permafrost.audio.wav import mended

HEAD_BYTES = 1024


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[soundfile.SoundFile, tuple[str, ...]]]:
    """A file's sound, and remarks: what there is to say about how it was come by.

    Raises:
        Rejected: no file, no bytes, no sound, or damaged so that the decoder gives up (then or in the body).
    """
    if reason := no_file(path):
        raise Rejected(reason)
    try:
        with path.open("rb", buffering=0) as raw:
            head = raw.read(HEAD_BYTES)
            if not head:
                raise Rejected("empty: a file of no bytes")
            wav, remark = mended(raw, path) if head[:4] == b"RIFF" and head[8:12] == b"WAVE" else (None, "")
            try:
                file = soundfile.SoundFile(wav or path)
            except TypeError:
                raise Rejected("unreadable: samples without a header, which could be anything") from None
            except soundfile.LibsndfileError:
                if foreign := foreign_kind(head):
                    raise Rejected(f"unreadable: {foreign}") from None
                container = container_of(path, head)
                if container is None:
                    raise
                file = soundfile.SoundFile(decoded_by_ffmpeg(path, container))
                remark = f"decoded by ffmpeg ({file.software or 'of unknown version'})"
            with file:
                yield file, (remark,) if remark else ()
    except (soundfile.SoundFileError, OSError) as error:
        reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
        # libsndfile says so of an mp3 without a single frame; that the file is there has been seen by now.
        reason = "Format not recognised." if reason.startswith("File does not exist") else reason
        raise Rejected(f"unreadable: {reason}") from None
