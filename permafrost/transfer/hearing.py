"""What a network hears: inputs, their rate and their augmentation are of one kind, and the backbone is made for it."""

from permafrost import catalogue
from permafrost.audio.inputs import Input, Waveform
from permafrost.errors import PermafrostError
from permafrost.transfer.recipe import Training


def input_rate(wanted: Input, training: Training, backbone: str, sample_rate: int, key: str) -> int:
    """The rate of what a recipe reads, Hz; ``sample_rate`` is preprocess's, ``key`` where the recipe stands.

    Raises:
        PermafrostError: the backbone declares that it reads something else (each setting with the right value), or
            waveforms are to be augmented as pictures are, or the other way round.
    """
    if isinstance(wanted, Waveform) and training.augment.active:
        raise PermafrostError(
            f"{key}.augment: masks and shifts are for pictures, and this network hears waveforms; set them to 0, "
            "use augment_waveform"
        )
    if not isinstance(wanted, Waveform) and training.augment_waveform.active:
        raise PermafrostError(
            f"{key}.augment_waveform: crops, noise and filters are for waveforms, and this network reads pictures; "
            "leave them out, use augment"
        )
    rate = wanted.sample_rate or sample_rate
    declared = declared_input(backbone, key)
    if declared is None:
        return rate
    needed = {
        name: getattr(declared, name) for name in type(declared).model_fields if name in declared.model_fields_set
    }
    if wanted.kind != declared.kind:
        listed = ", ".join(f"{name}: {value}" for name, value in {"kind": declared.kind, **needed}.items())
        raise PermafrostError(f"{key}.input.kind: {wanted.kind}, but {backbone} reads {{{listed}}}; set input to that")
    given = wanted.model_dump() | {"sample_rate": rate}
    if wrong := [name for name, value in needed.items() if given[name] != value]:
        raise PermafrostError(
            "\n".join(
                f"{key}.input.{name}: {given[name]}, but {backbone} reads {needed[name]}; set it to {needed[name]}"
                for name in wrong
            )
        )
    return rate


def declared_input(backbone: str, key: str) -> Input | None:
    """The input whose given settings a recipe of ``backbone`` must have, or None where it reads anything.

    A backbone declares it as ``INPUT``, a family by ``input_of(architecture)``; ``key`` is where the recipe stands.

    Raises:
        PermafrostError: there is no such backbone, or no such architecture in its family.
    """
    module = catalogue.load("backbones", backbone, f"{key}.backbone")
    if hasattr(module, "input_of"):
        try:
            return module.input_of(catalogue.split_name(backbone)[1])
        except PermafrostError as error:
            raise PermafrostError(f"{key}.{error}") from None  # these begin with the word backbone
    return getattr(module, "INPUT", None)
