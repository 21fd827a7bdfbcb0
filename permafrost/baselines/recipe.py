"""The ``baselines`` section: one entry a baseline, told apart by ``kind``."""

from typing import Annotated, Any, Literal

from pydantic import Field

from permafrost.audio.descriptor_settings import Descriptors, DescriptorTable
from permafrost.audio.inputs import RecipeInput
from permafrost.errors import PermafrostError
from permafrost.settings import Count, Positive, Settings, choose, shown, validate
from permafrost.transfer.recipe import Training


class Classical(Settings):
    """What the classical baselines share.

    ``inner_folds`` choose the grid's best point within the training clips; no group (artist, speaker, recording) stands
    on two sides of a fold. ``select: k`` keeps the k descriptors of largest mean absolute SHAP value, found within the
    training clips, and fits again. ``validation_trains: true`` fits on the validation clips too: networks spend them
    on choosing their epoch, which a model with a closed fit does not need, but then the validation scores are of
    clips that were learnt.
    """

    input: Annotated[Descriptors | DescriptorTable, Field(discriminator="kind")] = Descriptors()
    inner_folds: Annotated[int, Field(ge=2, le=1000)] = 5
    select: Count | None = None
    validation_trains: bool = False


class Svm(Classical):
    """A support vector machine; the grid is ``kernel`` x ``C``, times ``gamma`` for the kernel that has one (rbf)."""

    kind: Literal["svm"]
    kernel: Annotated[tuple[Literal["linear", "rbf"], ...], Field(min_length=1)] = ("linear", "rbf")
    C: Annotated[tuple[Positive, ...], Field(min_length=1)] = (0.1, 1.0, 5.0, 10.0, 100.0)
    gamma: Annotated[tuple[Positive, ...], Field(min_length=1)] = (0.0001, 0.001, 0.01, 0.1, 1.0)


class Logistic(Classical):
    """Multinomial logistic regression with an L2 penalty; the grid is ``C``, its inverse strength."""

    kind: Literal["logistic"]
    C: Annotated[tuple[Positive, ...], Field(min_length=1)] = (0.01, 0.1, 1.0, 10.0)


class Boosting(Classical):
    """Gradient-boosted trees on histograms; the grid is ``learning_rate`` x ``max_leaf_nodes``, each for ``rounds``."""

    kind: Literal["boosting"]
    learning_rate: Annotated[tuple[Positive, ...], Field(min_length=1)] = (0.1,)
    max_leaf_nodes: Annotated[tuple[Annotated[int, Field(ge=2, le=1_000_000)], ...], Field(min_length=1)] = (15,)
    rounds: Count = 100


class NetworkBaseline(Training):
    """A backbone trained from scratch, as a cell is trained with nothing frozen."""

    kind: Literal["network"]
    backbone: str
    input: RecipeInput


KINDS: dict[str, type[Classical | NetworkBaseline]] = {
    "svm": Svm,
    "logistic": Logistic,
    "boosting": Boosting,
    "network": NetworkBaseline,
}


def read_baseline(values: Any, key: str) -> Svm | Logistic | Boosting | NetworkBaseline:
    """Check one entry of ``baselines``; ``key`` is where it stands (``baselines.svm``).

    Raises:
        PermafrostError: no mapping, no or an unknown ``kind``, or a key or value that this kind does not have.
    """
    if not isinstance(values, dict) or "kind" not in values:
        raise PermafrostError(f"{key}: got {shown(values)}, expected a mapping with kind: {', '.join(KINDS)}")
    choose(values["kind"], list(KINDS), f"{key}.kind")
    return validate(KINDS[values["kind"]], values, key)
