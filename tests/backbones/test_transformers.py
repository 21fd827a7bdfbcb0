"""Encoders of the library transformers against the library itself, on small random configurations."""

import copy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from permafrost.audio.inputs import Waveform
from permafrost.audio.making import PictureMaker
from permafrost.audio.samples import as_float32
from permafrost.errors import PermafrostError
from permafrost.models.building import build, converter, files_of
from permafrost.models.obtaining import base_of
from permafrost.models.weight_source import WeightsSettings
from permafrost.models.weights import apply_base
from permafrost.parameters.networks import check_networks
from permafrost.parameters.schema import Recipe
from permafrost.plain_yaml import parse, read
from permafrost.provenance.outside_files import outside_files
from permafrost.settings import validate
from permafrost.transfer.hearing import declared_input, input_rate
from permafrost.transfer.recipe import Training
from tests.backbones.test_backbones import check_backbone

transformers = pytest.importorskip(
    "transformers", reason="the optional library is not installed: pip install -r requirements-transformers.txt"
)

ROOT = Path(__file__).parents[2]
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
WAVES = SMALL | {
    **{"conv_dim": [8, 8], "conv_stride": [5, 4], "conv_kernel": [10, 8], "num_feat_extract_layers": 2},
    **{"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2, "layerdrop": 0.5, "mask_time_prob": 0.5},
}
AST = SMALL | {"num_mel_bins": 32, "max_length": 40}
WHISPER = {
    **{"d_model": 16, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 24},
    **{"decoder_attention_heads": 2, "decoder_ffn_dim": 24, "num_mel_bins": 40, "max_source_positions": 20},
    **{"vocab_size": 40, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1},
    **{"encoder_layerdrop": 0.5},
}
STABLE = {"do_stable_layer_norm": True, "feat_extract_norm": "layer"}
SEVEN = {
    "audio-spectrogram-transformer": AST,
    "wav2vec2": WAVES,
    "hubert": WAVES | STABLE,
    "wavlm": WAVES,
    "data2vec-audio": WAVES,
    "unispeech-sat": WAVES | STABLE,
    "whisper": WHISPER,
}


@pytest.fixture
def made(tmp_path):
    """``made(kind)``: the backbone's name, the library's model, its input and the shape of ours."""

    def make(kind, **more):
        config = transformers.AutoConfig.for_model(kind, **(SEVEN[kind] | more))
        config.save_pretrained(tmp_path / kind)
        torch.manual_seed(1)
        model = transformers.AutoModel.from_config(config).eval()
        with torch.no_grad():  # of the scales, the library draws ones alone
            for parameter in model.parameters():
                parameter += 0.05 * torch.randn_like(parameter)
        if kind == "audio-spectrogram-transformer":
            return f"transformers:{tmp_path / kind}", model, torch.randn(2, 40, 32), (32, 40)
        if kind == "whisper":
            return f"transformers:{tmp_path / kind}", model.encoder, torch.randn(2, 40, 40), (40, 40)
        return f"transformers:{tmp_path / kind}", model, torch.randn(2, 700), (700,)

    return make


def ours(kind, x):
    """The library's input as the network has it."""
    if x.ndim == 2:
        return x
    return x[:, None] if kind == "whisper" else x.transpose(1, 2)[:, None]


def filled(name, shape, state):
    network = build(name, shape, 3, seed=0)
    apply_base(network, converter(name)(state), {"source": "test"})
    return network


@pytest.mark.parametrize("kind", [*SEVEN, "wavlm stable"])
def test_units_give_what_the_library_gives(made, kind):
    kind, _, stable = kind.partition(" ")
    name, model, x, shape = made(kind, **(STABLE if stable else {}))
    prefix = "model.encoder." if kind == "whisper" else ""
    network = filled(name, shape, {prefix + key: tensor for key, tensor in model.state_dict().items()}).eval()
    with torch.no_grad():
        expected = model(x, output_hidden_states=True)
        between = ours(kind, x)
        for unit, hidden in enumerate(expected.hidden_states[:2]):
            between = network.run(between, unit, unit + 1)
            assert torch.equal(between, hidden), (kind, unit)
        embedding = network.embed(ours(kind, x))
        last = expected.last_hidden_state
        pooled = last[:, :2].mean(1) if kind == "audio-spectrogram-transformer" else last.mean(1)
        assert torch.equal(embedding, pooled), kind
    if kind == "audio-spectrogram-transformer":
        assert torch.allclose(embedding, expected.pooler_output, atol=1e-6)
    assert network.unit_names == ["stem", "block1", "block2"]
    check_backbone(build(name, shape, 3, seed=0))


@pytest.mark.parametrize("kind", list(SEVEN))
def test_training_draws_nothing_but_dropout_and_stops_at_the_cut(made, kind):
    name, _, x, shape = made(kind, **{key: 0.0 for key in DROPOUTS})
    network = build(name, shape, 3, seed=0).train()
    x = ours(kind, x)
    logits = network(x)
    assert torch.equal(network(x), logits), "no layer is dropped, nothing is masked"
    network.stem.requires_grad_(False)
    network(x).sum().backward()
    assert all(p.grad is None for p in network.stem.parameters())
    assert any(p.grad is not None and p.grad.any() for p in network.blocks.parameters())
    twin = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in network.blocks.parameters():
            parameter.zero_()
    assert torch.equal(twin(x), logits), "a copy has distances of its own"


DROPOUTS = (
    *("hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout", "final_dropout", "dropout"),
    *("hidden_dropout_prob", "attention_probs_dropout_prob"),
)


def test_a_head_and_names_of_older_versions_are_understood(made):
    name, model, _, shape = made("hubert")
    whole = {f"hubert.{key}": tensor for key, tensor in model.state_dict().items()} | {
        "classifier.weight": torch.ones(2)
    }
    older = {
        key.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for key, tensor in whole.items()
    }
    assert older.keys() != whole.keys()
    for state in (whole, older):
        network = filled(name, shape, state)
        assert torch.equal(
            network.blocks[1].layer.attention.k_proj.weight, model.encoder.layers[1].attention.k_proj.weight
        )
    own = network.state_dict()
    assert converter(name)(own) == own


def test_weights_that_lack_a_layer_or_are_of_another_size_are_refused(made):
    name, model, _, shape = made("wav2vec2")
    state = {key: tensor for key, tensor in model.state_dict().items() if "encoder.layers.1." not in key}
    with pytest.raises(PermafrostError, match=r"16 missing: blocks\.1\.layer"):
        filled(name, shape, state)
    with pytest.raises(PermafrostError, match="weights of another architecture"):
        filled(name, shape, {key: torch.cat([tensor, tensor]) for key, tensor in model.state_dict().items()})


def test_what_an_encoder_must_read_is_declared(made, tmp_path):
    plain = Training()
    waves, _, _, _ = made("hubert")
    assert input_rate(Waveform(sample_rate=16000), plain, waves, 22050, "models.x") == 16000
    with pytest.raises(PermafrostError, match=r"models\.x\.input\.sample_rate: 22050, but .* reads 16000"):
        input_rate(Waveform(), plain, waves, 22050, "models.x")
    ast, _, _, _ = made("audio-spectrogram-transformer")
    declared = declared_input(ast, "models.x")
    assert (declared.kind, declared.n_mels, declared.chunk) == ("filterbank", 32, 40)
    with pytest.raises(PermafrostError, match=r"models\.x\.input\.kind: waveform, but .* reads \{kind: filterbank, "):
        input_rate(Waveform(sample_rate=16000), plain, ast, 16000, "models.x")
    transformers.ASTFeatureExtractor(mean=-6.8, std=5.5).save_pretrained(tmp_path / "audio-spectrogram-transformer")
    assert (declared_input(ast, "models.x").mean, declared_input(ast, "models.x").std) == (-6.8, 11.0)


def test_pictures_are_the_feature_extractors(made):
    waveform = (3000 * np.random.default_rng(0).standard_normal(6400)).astype(np.int16)
    for kind, extractor in [
        ("audio-spectrogram-transformer", transformers.ASTFeatureExtractor(num_mel_bins=32, max_length=40)),
        ("whisper", transformers.WhisperFeatureExtractor(feature_size=40, chunk_length=0.4)),
    ]:
        name, _, _, shape = made(kind)
        settings = declared_input(name, "models.x")
        if kind != "whisper":
            settings = settings.model_copy(update={"mean": -4.2677393, "std": 2 * 4.5689974})
        picture = PictureMaker(settings, 16000, len(waveform))(waveform)
        features = extractor(as_float32(waveform), sampling_rate=16000, return_tensors="np", padding="do_not_pad")
        expected = next(iter(features.values()))[0]
        expected = expected if kind == "whisper" else expected.T
        assert picture.shape == shape
        # At its ends the library reflects a clip, ours is followed by silence.
        inner = slice(2, -2)
        np.testing.assert_allclose(picture[:, inner], expected[:, inner], atol=2e-3)


def test_waveforms_are_normalised_where_the_folder_says_so(made, tmp_path):
    name, model, x, shape = made("wav2vec2")
    extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=True)
    extractor.save_pretrained(tmp_path / "wav2vec2")
    network = filled(name, shape, model.state_dict()).eval()
    x = 0.1 * x + 0.2
    heard = torch.stack([torch.from_numpy(extractor(row.numpy(), sampling_rate=16000).input_values[0]) for row in x])
    with torch.no_grad():
        assert torch.allclose(network.embed(x), model(heard).last_hidden_state.mean(1), atol=1e-5)


def test_what_cannot_be_read_is_refused(made, tmp_path, monkeypatch):
    for kind, shape, message in [
        ("hubert", (10,), "waveforms of at least one window"),
        ("hubert", (96, 40), "waveforms of at least one window"),
        ("whisper", (40, 39), r"expected \(40, 40\): n_mels 40, chunk 40"),
        ("audio-spectrogram-transformer", (128, 40), r"expected \(32, 40\): n_mels 32, chunk 40"),
    ]:
        name, _, _, _ = made(kind)
        with pytest.raises(PermafrostError, match=message):
            build(name, shape, 3, seed=0)
    transformers.BertConfig().save_pretrained(tmp_path / "bert")
    with pytest.raises(
        PermafrostError, match="a bert; expected an audio encoder: audio-spectrogram-transformer, whisper"
    ):
        build(f"transformers:{tmp_path / 'bert'}", (16000,), 3, seed=0)

    def offline(*_, **__):
        raise OSError("We couldn't connect to 'https://huggingface.co'")

    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", offline)
    with pytest.raises(PermafrostError, match=r"^models\.x\.backbone transformers:face/book: .* name the folder"):
        input_rate(Waveform(), Training(), "transformers:face/book", 16000, "models.x")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(PermafrostError, match=r"pip install -r requirements-transformers\.txt"):
        build("transformers:facebook/hubert-base", (16000,), 3, seed=0)


def test_what_hears_waveforms_and_makes_no_picture_is_not_explained(made):
    name, _, _, _ = made("hubert")
    parameters = read(ROOT / "params.yaml")
    recipe = {"backbone": name, "weights": "random", "input": {"kind": "waveform", "sample_rate": 16000}}
    parameters["models"], parameters["study"]["models"] = {"mine": recipe}, ["mine"]
    parameters["study"]["explain"] = []
    check_networks(parameters)
    parameters["study"]["explain"] = ["mine-head"]
    with pytest.raises(PermafrostError, match=r"models\.mine: .* leave it out of study\.explain"):
        check_networks(parameters)


def test_the_description_is_a_dependency_of_the_runs(made, tmp_path):
    name, _, _, _ = made("hubert")
    parameters = read(ROOT / "params.yaml")
    parameters["study"]["models"] = ["mine"]
    parameters["models"] = {"mine": {"backbone": name, "weights": "random"}}
    (file,) = outside_files(parameters)["weights-mine"]
    assert file.path == tmp_path / "hubert/config.json" and file.key == "models.mine.backbone.config.json"
    before = base_of(WeightsSettings(), name, "models.mine")
    made("hubert", layer_norm_eps=1e-3)
    assert base_of(WeightsSettings(), name, "models.mine") != before, "a base file of other bytes: its runs run again"
    assert files_of("transformers:facebook/hubert-base") == [] == files_of("resnet20")


def test_the_recipe_of_ast_reads_what_ast_reads(tmp_path):
    transformers.ASTConfig(**SMALL).save_pretrained(tmp_path)
    transformers.ASTFeatureExtractor().save_pretrained(tmp_path)
    text = (ROOT / "conf/model/ast.yaml").read_text(encoding="utf-8")
    given = {name: value for name, value in parse(text, "ast.yaml").items() if name != "defaults"}
    recipe = validate(Recipe, {**given, "backbone": f"transformers:{tmp_path}"}, "models.ast")
    assert input_rate(recipe.input, recipe, recipe.backbone, 22050, "models.ast") == 16000
    shape = PictureMaker(recipe.input, 22050, 5 * 22050).shape
    assert build(recipe.backbone, shape, 10, seed=0).embedding_size == 16
    assert PictureMaker(recipe.input, 22050, 30 * 22050).shape == (3, 128, 1024)
