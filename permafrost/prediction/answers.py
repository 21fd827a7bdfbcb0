"""Answers for many recordings: what each is, chunk by chunk and as a whole, as CSV or JSON."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from permafrost.audio.decoding import Rejected
from permafrost.audio.settings import Preprocess
from permafrost.data.recordings import audio_files
from permafrost.errors import PermafrostError
from permafrost.prediction.chunks import Chunks, read_chunks
from permafrost.prediction.predictors import Predictor
from permafrost.progress import progress


@dataclass(frozen=True)
class Answer:
    """What one recording is.

    Attributes:
        file: as it was asked for.
        classes: class names.
        chunks: [chunks, classes]: probabilities of each chunk.
        starts: of the chunks, seconds.
        seconds: length of the recording.
    """

    file: str
    classes: tuple[str, ...]
    chunks: NDArray[np.float64]
    starts: tuple[float, ...]
    seconds: float

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Of the whole recording [classes]: the mean over its chunks."""
        return self.chunks.mean(axis=0)

    @property
    def predicted(self) -> str:
        """The most probable class."""
        return self.classes[int(self.probabilities.argmax())]


def find_files(given: Sequence[str]) -> list[str]:
    """The files among ``given``, and the audio files below the folders among it, sorted folder by folder.

    Raises:
        PermafrostError: a folder has no audio files.
    """
    found: list[str] = []
    for name in given:
        if Path(name).is_dir():
            inside = [str(Path(name, path)) for path in audio_files(Path(name))]
            if not inside:
                raise PermafrostError(f"{name}: there is no audio file in this folder")
            found += inside
        else:
            found.append(name)
    return found


def answer_all(
    files: Sequence[str],
    predictor: Predictor,
    preprocess: Preprocess,
    seen: Callable[[Answer, Chunks], None] | None = None,
) -> tuple[list[Answer], dict[str, str]]:
    """Answers for the files that can be heard, and file → reason for those that cannot; one never stops the others.

    Args:
        files: paths.
        predictor: the model.
        preprocess: section of params.yaml.
        seen: called with each answer and what was heard, while it is at hand (to draw it).
    """
    answers: list[Answer] = []
    faults: dict[str, str] = {}
    for file in progress(files, len(files), "predict", "recording"):
        try:
            chunks = read_chunks(Path(file), preprocess, predictor.samples)
        except Rejected as rejected:
            faults[file] = str(rejected)
            continue
        answer = Answer(
            file, predictor.classes, predictor.probabilities(chunks.waveforms), chunks.starts, chunks.seconds
        )
        answers.append(answer)
        if seen is not None:
            seen(answer, chunks)
    return answers, faults


def as_csv(answers: Sequence[Answer], classes: Sequence[str]) -> str:
    """One row a recording: file, seconds, chunks, predicted, then a probability for each class."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "seconds", "chunks", "predicted", *classes])
    for answer in answers:
        values = [f"{value:.6f}" for value in answer.probabilities]
        writer.writerow([answer.file, f"{answer.seconds:.3f}", len(answer.chunks), answer.predicted, *values])
    return text.getvalue()


def as_json(answers: Sequence[Answer], faults: dict[str, str]) -> str:
    """A list with an object for each recording: the answer with its chunks, or the error."""
    entries: list[dict] = [
        {
            "file": answer.file,
            "seconds": round(answer.seconds, 3),
            "predicted": answer.predicted,
            "probabilities": _named(answer.classes, answer.probabilities),
            "chunks": [
                {"start": round(start, 3), "probabilities": _named(answer.classes, values)}
                for start, values in zip(answer.starts, answer.chunks, strict=True)
            ],
        }
        for answer in answers
    ]
    entries += [{"file": file, "error": reason} for file, reason in faults.items()]
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


def _named(classes: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in zip(classes, values, strict=True)}
