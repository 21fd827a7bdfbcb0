"""What a data set is: where its recordings come from, and how label, group and fold of each are read."""

from pathlib import Path
from string import Formatter
from typing import Annotated, Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname

import regex
from pydantic import Field, field_validator, model_validator

from permafrost.audio.synthetic.settings import Synthetic
from permafrost.settings import Settings

RAW_FOLDER = "data/raw"


FACTS = ("label", "group", "fold", "subset")  # what is read of each clip


class SyntheticSource(Synthetic):
    """Recordings made by the embedded generator: its own settings, and the word that selects it."""

    kind: Literal["synthetic"]


class PathSource(Settings):
    """A folder of the user's own, named by ``dataset.path`` and read where it is."""

    kind: Literal["path"]


class RemoteFile(Settings):
    """One file to download; an archive is unpacked and removed.

    ``strip`` leading folders are dropped from each member of an archive (GitHub puts one around everything).
    ``sha256`` may be null only where the server builds the archive anew and no checksum holds; never for plain http.
    """

    url: str
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-fA-F]{64}$")
    archive: Literal["zip", "tar", "none"]
    name: str | None = Field(default=None, max_length=200, pattern=r"^[^/\\]+$")
    strip: int = Field(default=0, ge=0, le=100)

    @model_validator(mode="after")
    def _known_scheme(self) -> "RemoteFile":
        scheme = urlsplit(self.url).scheme
        if scheme not in ("https", "http", "file"):
            raise ValueError(f"url must begin with https://, http:// or file://, not {self.url!r}")
        if scheme == "http" and self.sha256 is None:
            raise ValueError(f"{self.url} is not encrypted: give its sha256, or an https address")
        if self.file_name in ("", ".", ".."):
            raise ValueError(f"{self.url} does not end in a file name: give one as `name`")
        return self

    @property
    def file_name(self) -> str:
        """The name the file is kept under."""
        return self.name or urlsplit(self.url).path.rpartition("/")[2]

    @property
    def local(self) -> Path | None:
        """The file on this machine that a file:// address means, or None."""
        address = urlsplit(self.url)
        return Path(url2pathname(address.path)) if address.scheme == "file" else None


class UrlSource(Settings):
    """Files to download into ``data/raw``."""

    kind: Literal["url"]
    files: list[RemoteFile] = Field(min_length=1)


class GroupIndex(Settings):
    """A text file that names the group of each clip, one a line, such as GTZAN's artist index.

    ``file`` is relative to the data set's folder. ``pattern`` must match a whole line and has the named groups
    ``clip`` (any unambiguous end of a clip's path) and ``group`` (may be empty: unknown). Other lines are comments.
    With ``required: false`` the file may be missing: clips then have no group, and a warning says so.
    """

    file: str
    pattern: str
    required: bool = True

    @field_validator("pattern")
    @classmethod
    def _has_groups(cls, pattern: str) -> str:
        return _checked(pattern, needed=("clip", "group"), allowed=("clip", "group"))


class PatternLabels(Settings):
    """Label, group, fold and subset (train, valid or test) as named groups of a regular expression that must match the
    whole relative path (``/`` between folders)."""

    kind: Literal["pattern"]
    pattern: str
    groups: GroupIndex | None = None

    @field_validator("pattern")
    @classmethod
    def _has_label(cls, pattern: str) -> str:
        return _checked(pattern, needed=("label",), allowed=FACTS)


class Columns(Settings):
    """Which column of the table holds what.

    ``path`` is a column, or a template of several: ``audio/fold{fold}/{slice_file_name}``. With ``start`` and ``end``,
    in seconds, a row is a segment of its file, and without ``group`` the file is the group of its segments.
    """

    path: str
    label: str
    group: str | None = None
    fold: str | None = None
    subset: str | None = None
    start: str | None = None
    end: str | None = None

    @field_validator("path")
    @classmethod
    def _is_template(cls, path: str) -> str:
        try:
            fields = [part[1:] for part in Formatter().parse(path) if part[1] is not None]
        except ValueError as error:
            raise ValueError(f"{error}; expected a column, or columns in braces: audio/fold{{fold}}/{{file}}") from None
        if any(not name or form or conversion for name, form, conversion in fields):
            raise ValueError("expected the name of a column in each pair of braces: audio/fold{fold}/{file}")
        return path

    @property
    def path_columns(self) -> list[str]:
        """The columns that make up the path."""
        return [name for _, name, _, _ in Formatter().parse(self.path) if name] or [self.path]

    def path_of(self, row: dict[str, str]) -> str:
        """What the row names: its path column, or the template filled in."""
        if self.path_columns == [self.path]:
            return row[self.path]
        return "".join(text + (row[name] if name else "") for text, name, _, _ in Formatter().parse(self.path))


class TableLabels(Settings):
    """Label, group, fold and subset from a CSV file with a header; ``file`` is relative to the data set's folder, and a
    row's clip is ``path_prefix`` followed by its path (the audio extension may be left out)."""

    kind: Literal["table"]
    file: str
    columns: Columns
    path_prefix: str = ""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    groups: GroupIndex | None = None


Labels = Annotated[PatternLabels | TableLabels, Field(discriminator="kind")]
Source = Annotated[SyntheticSource | PathSource | UrlSource, Field(discriminator="kind")]


class Origin(Settings):
    """The part of the ``dataset`` section that stage fetch reads.

    ``path`` is the folder that is read: ``data/raw`` where stage fetch writes, else a folder of the user's own, and
    then the source is that folder whatever ``source`` says.
    """

    path: str = Field(min_length=1, max_length=4096)
    source: Source

    @model_validator(mode="after")
    def _own_folder(self) -> "Origin":
        if self.source.kind == "path" and self.is_raw:
            raise ValueError(
                f"with source.kind path, path must be the folder of your recordings, not {RAW_FOLDER}, which fetch "
                "empties; set it with -S dataset.path=FOLDER"
            )
        return self

    @property
    def is_raw(self) -> bool:
        """Whether the recordings are read from the folder that stage fetch writes."""
        return self.path.rstrip("/").removeprefix("./") == RAW_FOLDER

    @property
    def origin(self) -> SyntheticSource | PathSource | UrlSource:
        """Where the recordings really come from: ``source``, or the folder itself when ``path`` points elsewhere."""
        return self.source if self.is_raw else PathSource(kind="path")


class Labelled(Settings):
    """The part of the ``dataset`` section that says what a recording is."""

    labels: Labels


class Dataset(Origin, Labelled):
    """The ``dataset`` section."""

    name: str = Field(min_length=1, max_length=200)


def _checked(pattern: str, needed: tuple[str, ...], allowed: tuple[str, ...]) -> str:
    try:
        named = regex.compile(pattern).groupindex
    except regex.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    for name in needed:
        if name not in named:
            raise ValueError(f"needs a named group (?P<{name}>...)")
    for name in named:
        if name not in allowed:
            raise ValueError(f"has the named group {name!r}; expected only {', '.join(allowed)}")
    return pattern
