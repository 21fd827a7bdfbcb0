"""Audio encoders of the library transformers as a stem, blocks and a pool: ``transformers:FOLDER_OR_HUB_NAME``.

The folder (or the hub's page) holds ``config.json``; weights come as all weights do, such as the folder's
``model.safetensors``. The stem is the library's own model without its layers, a block is one layer, and the pool is the
norm after the last layer, if there is one, with the mean over time (AST: over its two class tokens), under our linear
head. Dropping of layers and masking of inputs are off: they draw random numbers that no seed of a run holds.

The library is optional: requirements-transformers.txt.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from permafrost.audio.inputs import FilterBank, Input, LogMel, Waveform
from permafrost.errors import PermafrostError
from permafrost.models.network import PARTS, Network

AST, WHISPER = "audio-spectrogram-transformer", "whisper"
HEARING = ("wav2vec2", "hubert", "wavlm", "data2vec-audio", "unispeech", "unispeech-sat")  # waveforms
SAMPLE_RATE = 16000
DESCRIPTIONS = ("config.json", "preprocessor_config.json")
SETTINGS = {
    # What is random beside dropout, and parts behind the encoder.
    **{"layerdrop": 0.0, "encoder_layerdrop": 0.0, "mask_time_prob": 0.0, "mask_feature_prob": 0.0},
    **{"apply_spec_augment": False, "add_adapter": False},
}
NORM_OF_CLIPS = 1e-7  # added to the variance of a clip, as the library's feature extractor does


class Stem(nn.Module):
    """Everything before the first layer: the library's model without its layers and the norm after them."""

    def __init__(self, model: nn.Module, kind: str, normalise: bool) -> None:
        super().__init__()
        self.model, self.kind, self.normalise = model, kind, normalise

    def forward(self, x: Tensor) -> Tensor:
        """Pictures [batch, 1, mels, frames] or waveforms [batch, samples] to tokens [batch, tokens, width]."""
        if self.kind == AST:
            x = x[:, 0].transpose(1, 2)
        elif self.kind == WHISPER:
            x = x[:, 0]
        elif self.normalise:
            variance, mean = torch.var_mean(x, dim=1, correction=0, keepdim=True)
            x = (x - mean) / (variance + NORM_OF_CLIPS).sqrt()
        return self.model(x).last_hidden_state


class Block(nn.Module):
    """A layer of the library's model.

    WavLM's first layer holds an embedding of distances, from which each layer takes its position bias; the library
    hands the bias on from layer to layer, here each makes it anew, so that one tensor stands between units.
    """

    def __init__(self, layer: nn.Module, first: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        # In a tuple, so that it is no part of this module.
        self._distances = (first.attention,) if hasattr(getattr(first, "attention", None), "compute_bias") else ()

    def forward(self, x: Tensor) -> Tensor:
        """[batch, tokens, width] to the same shape."""
        more = {}
        for attention in self._distances:
            bias = attention.compute_bias(x.shape[1], x.shape[1])
            more["position_bias"] = bias.repeat(len(x), 1, 1)
        outputs = self.layer(x, attention_mask=None, **more)
        return outputs[0] if isinstance(outputs, tuple) else outputs


class Pool(nn.Module):
    """The norm after the last layer, where there is one; the mean of the first ``tokens``, or of all."""

    def __init__(self, norm: nn.Module, tokens: int | None) -> None:
        super().__init__()
        self.norm, self.tokens = norm, tokens

    def forward(self, x: Tensor) -> Tensor:
        """[batch, tokens, width] to [batch, width]."""
        return self.norm(x)[:, : self.tokens].mean(dim=1)


def build(input_shape: tuple[int, ...], classes: int, architecture: str) -> Network:
    """The network that the configuration ``architecture`` describes, drawn from the global generator.

    Raises:
        PermafrostError: the library or the configuration is missing, it is of no audio encoder that is known here, or
            it cannot read inputs of ``input_shape``.
    """
    config = _config(architecture)
    model = _encoder(config)
    _check_shape(tuple(input_shape), config, model, architecture)
    holder, norm_name = _places(model, config)
    layers = list(holder.layers)
    holder.layers = nn.ModuleList()
    norm: nn.Module = nn.Identity()
    if norm_name:
        norm = getattr(holder, norm_name)
        setattr(holder, norm_name, nn.Identity())
    normalise = config.model_type in HEARING and bool(_preprocessor(architecture).get("do_normalize", False))
    return Network(
        stem=Stem(model, config.model_type, normalise),
        blocks=[Block(layer, layers[0]) for layer in layers],
        pool=Pool(norm, 2 if config.model_type == AST else None),
        head=nn.Linear(config.hidden_size, classes),
        input_channels=1,
    )


def input_of(architecture: str) -> Input:
    """What a recipe of ``architecture`` must read."""
    config = _config(architecture)
    if config.model_type == AST:
        found = _preprocessor(architecture)
        trained_on = {"mean": found["mean"], "std": 2 * found["std"]} if {"mean", "std"} <= found.keys() else {}
        return FilterBank(sample_rate=SAMPLE_RATE, n_mels=config.num_mel_bins, chunk=config.max_length, **trained_on)
    if config.model_type == WHISPER:
        return LogMel(
            sample_rate=SAMPLE_RATE,
            n_mels=config.num_mel_bins,
            n_fft=400,
            hop_length=160,
            scale="whisper",
            normalise_clip="none",
            mean=-4.0,
            std=4.0,
            chunk=2 * config.max_source_positions,
        )
    return Waveform(sample_rate=SAMPLE_RATE)


def files_of(architecture: str) -> list[Path]:
    """The files of a local folder that say what ``build`` makes; a name of the hub has none."""
    return [path for name in DESCRIPTIONS if (path := Path(architecture, name)).is_file()]


def convert(state: dict[str, Tensor], architecture: str) -> dict[str, Tensor]:
    """The library's names, those of its older versions included, to ours; decoders and heads are left out."""
    if all(name.split(".")[0] in PARTS for name in state):
        return state
    config = _config(architecture)
    library = _library()
    library.utils.logging.disable_progress_bar()
    library.utils.logging.set_verbosity_error()  # what is missing is said by the check against the network
    try:
        model, found = library.MODEL_MAPPING[type(config)].from_pretrained(
            None, config=config, state_dict=dict(state), output_loading_info=True
        )
    except RuntimeError as error:
        raise PermafrostError(
            f"backbone transformers:{architecture}: weights of another architecture: "
            f"{' '.join(str(error).split())[:300]}"
        ) from None
    if config.model_type == WHISPER:
        model, prefix = model.encoder, "encoder."
    else:
        prefix = ""
    loaded = {n: t for n, t in model.state_dict().items() if prefix + n not in found["missing_keys"]}
    if not loaded:
        return state
    holder, norm_name = _places(model, config)
    place = "" if holder is model else "encoder."
    return {
        _ours(name, place + "layers.", f"{place}{norm_name}." if norm_name else None): t for name, t in loaded.items()
    }


def _ours(name: str, layers: str, norm: str | None) -> str:
    if name.startswith(layers):
        number, _, rest = name.removeprefix(layers).partition(".")
        return f"blocks.{number}.layer.{rest}"
    if norm and name.startswith(norm):
        return "pool.norm." + name.removeprefix(norm)
    return f"stem.model.{name}"


def _places(model: nn.Module, config: Any) -> tuple[nn.Module, str | None]:
    """The module that holds the layers, and its name of the norm after the last one, if there is one."""
    if config.model_type == AST:
        return model, "layernorm"
    if config.model_type == WHISPER:
        return model, "layer_norm"
    return model.encoder, "layer_norm" if getattr(config, "do_stable_layer_norm", False) else None


def _encoder(config: Any) -> nn.Module:
    model = _library().AutoModel.from_config(config)
    return model.encoder if config.model_type == WHISPER else model


def _check_shape(shape: tuple[int, ...], config: Any, model: nn.Module, architecture: str) -> None:
    if config.model_type in HEARING:
        if len(shape) == 1 and int(model._get_feat_extract_output_lengths(shape[0])) >= 1:
            return
        expected = f"waveforms of at least one window: input {{kind: waveform, sample_rate: {SAMPLE_RATE}}}"
    else:
        columns = config.max_length if config.model_type == AST else 2 * config.max_source_positions
        if shape == (config.num_mel_bins, columns):
            return
        expected = f"{(config.num_mel_bins, columns)}: n_mels {config.num_mel_bins}, chunk {columns}"
    raise PermafrostError(f"backbone transformers:{architecture}: input of shape {shape}; expected {expected}")


def _config(architecture: str) -> Any:
    library = _library()
    try:
        config = _cached_first(library.AutoConfig.from_pretrained, architecture)
    except (OSError, ValueError, KeyError) as error:
        raise PermafrostError(
            f"backbone transformers:{architecture}: no configuration: {' '.join(str(error).split())[:300]}; expected a "
            "folder with the model's config.json (transformers:path/to/folder), or a name of huggingface.co, which "
            "needs the network the first time: download config.json and model.safetensors elsewhere, and name the "
            "folder that they are in"
        ) from None
    known = (AST, WHISPER, *HEARING)
    if config.model_type not in known:
        raise PermafrostError(
            f"backbone transformers:{architecture}: a {config.model_type}; expected an audio encoder: "
            f"{', '.join(known)}"
        )
    config.dtype = torch.float32
    for name, value in SETTINGS.items():
        if hasattr(config, name):
            setattr(config, name, value)
    return config


def _preprocessor(architecture: str) -> dict[str, Any]:
    """What the library's feature extractor would do, {} where nothing says so."""
    try:
        return _cached_first(_library().FeatureExtractionMixin.get_feature_extractor_dict, architecture)[0]
    except (OSError, ValueError):
        return {}


def _cached_first(read: Any, architecture: str) -> Any:
    """From the folder, or from the hub's cache on this machine, and only then from the network."""
    try:
        return read(architecture, local_files_only=True)
    except OSError:
        return read(architecture)


def _library() -> Any:
    try:
        import transformers
    except ImportError:
        raise PermafrostError(
            "backbone transformers: the library transformers is not installed, it is optional; run "
            "`pip install -r requirements-transformers.txt`"
        ) from None
    return transformers
