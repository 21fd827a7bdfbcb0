"""params.yaml: what conf/ composes, and what is refused."""

import json
from pathlib import Path

import pytest
import yaml

from permafrost import plain_yaml
from permafrost.errors import PermafrostError
from permafrost.parameters import schema
from permafrost.parameters.networks import check_networks
from stages.compose import compose_into
from stages.stage import PARAMS

ROOT = Path(__file__).parents[2]
STUDIES = sorted(path.stem for path in (ROOT / "conf/study").glob("*.yaml"))
DATASETS = sorted(path.stem for path in (ROOT / "conf/dataset").glob("*.yaml"))


@pytest.fixture
def composed(tmp_path, monkeypatch):
    """Compose the study that the project came with, or another, into a temporary params.yaml and stand beside it."""

    def compose(*overrides):
        monkeypatch.chdir(ROOT)
        chosen = [] if any(override.startswith("study=") for override in overrides) else ["study=demo"]
        compose_into(tmp_path / "params.yaml", [*chosen, *overrides])
        monkeypatch.chdir(tmp_path)
        return yaml.safe_load((tmp_path / "params.yaml").read_text())

    return compose


def test_the_committed_parameters_are_what_conf_composes(tmp_path, monkeypatch):
    """Whatever study the checkout has for its default: its user may have chosen another."""
    monkeypatch.chdir(ROOT)
    compose_into(tmp_path / "params.yaml", [])
    assert (tmp_path / "params.yaml").read_text() == (ROOT / "params.yaml").read_text(), "run `make params`"


@pytest.mark.parametrize("study", STUDIES)
def test_every_study_is_valid_and_brings_just_its_models(composed, study):
    params = composed(f"study={study}")
    schema.check_parameters(plain_yaml.read(PARAMS))
    assert params["study"]["name"] == study
    assert set(params["models"]) == set(params["study"]["models"])
    if params["study"]["freezes"]:
        assert {"none", "head"} <= set(params["freezing"])


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_data_set_is_valid_under_the_default_study(composed, dataset):
    composed(f"dataset={dataset}")
    schema.check_parameters(plain_yaml.read(PARAMS))


def test_every_model_and_strategy_of_the_catalogue_can_be_composed(composed):
    for path in sorted({*(ROOT / "conf/model").glob("*.yaml")} - {ROOT / "conf/model/ast.yaml"}):  # needs its folder
        composed(f"+model@models.mine={path.stem}")
        schema.check_parameters(plain_yaml.read(PARAMS))
    for path in (ROOT / "conf/freezing").glob("*.yaml"):
        composed("+freezing@freezing.mine=" + path.stem) if path.stem not in ("standard", "all") else composed()
        schema.check_parameters(plain_yaml.read(PARAMS))


def test_a_random_control_differs_from_its_recipe_in_its_weights_and_rates_alone(composed):
    for study in STUDIES:
        models = composed(f"study={study}")["models"]
        for name in [name for name in models if name.endswith("_random")]:
            control, recipe = models[name], models[name.removesuffix("_random")]
            different = {key for key in recipe if recipe[key] != control[key]}
            chosen = {"by_strategy", "rates_from"}  # each network has the rates that suit it
            assert different <= {"weights", "weights_sha256"} | chosen and control["weights"] == "random"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("models.lite0.lr=-1", "models.lite0.lr: got -1"),
        ("+models.lite0.learning_rate=1", "models.lite0.learning_rate: unknown key"),
        (
            "++models.lite0.by_strategy.hed.lr=0.1",
            "models.lite0.by_strategy: 'hed' does not exist",
        ),
        ("++models.lite0.by_strategy.head.lr=0", "models.lite0.by_strategy.head.lr: got 0"),
        (
            "++models.lite0.by_strategy.head.rate=1",
            "models.lite0.by_strategy.head.rate: unknown key",
        ),
        ("models.lite0.random_statistics=drawn", "'estimated' or 'as_drawn'"),
        ("models.lite0.backbone=vit_b_61", "did you mean 'vit_b_16'?"),
        ("models.lite0.objective=cross_entrpy", "objective: 'cross_entrpy' does not exist"),
        ("study.metrics=[accuracy,macro_f2]", "study.metrics: 'macro_f2' does not exist"),
        ("preprocess.reader=adio", "preprocess.reader: 'adio' does not exist"),
        ("models.lite0.optimiser=rmsprop", "'sgd', 'adam' or 'adamw'"),
        (
            "study.explain=[lite0-hed]",
            "did you mean 'lite0-head'?",
        ),
        ("study.baselines=[svn]", "study.baselines: 'svn' does not exist"),
        ("baselines.svm.kind=svn", "did you mean 'svm'?"),
        ("baselines.svm.C=[-1]", "baselines.svm.C"),
        ("+baselines.svm.gama=[1]", "baselines.svm.gama: unknown key"),
        ("+baseline@baselines.lite0=svm", "baselines.lite0: a model has this name too"),
        ("study.models=[efficientnet_lit]", "study.models: 'efficientnet_lit' does not exist"),
        ("study.freezes=[none,hed]", "did you mean 'head'?"),
        ("study.seeds=[0,0]", "study.seeds"),
        ("study.seeds=[]", "study.seeds"),
        ("+freezing.mine.freez=2", "freezing.mine.freez"),
        ("preprocess.sample_rate=fast", "preprocess.sample_rate"),
        ("split.test=1.5", "split.test"),
        ("machine.device=tpu", "machine.device"),
        ("train.threads=0", "train.threads: got 0"),
        (
            "+baseline@baselines.short=cnn,baselines.short.input.sample_rate=8000",
            "8000, but cnn reads 22050; set it to 22050",
        ),
        ("+extra=1", "params.yaml: 'extra' does not exist"),
    ],
)
def test_a_wrong_parameter_is_named(composed, override, said):
    composed(*override.split(",")) if "@" in override else composed(override)
    with pytest.raises(PermafrostError) as error:
        schema.check_parameters(plain_yaml.read(PARAMS))
    assert said in str(error.value)


def changed(values, key, value):
    """``values`` with another one at ``key``, written as DVC would."""
    *above, last = key
    place = values
    for part in above:
        place = place[part]
    place[last] = value
    Path("params.yaml").write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")  # JSON is YAML


RECIPE = ("models", "lite0")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((("models", name), {}) for name in ("a/b", "..", "a" * 300, "", "a b")),
        *(((section, name), {}) for section in ("freezing", "baselines") for name in ("a/b", "..", "a" * 300)),
        *(((section,), value) for section in (*schema.SECTIONS, *schema.COLLECTIONS) for value in (None, [], 3, "x")),
        *(((*RECIPE, "backbone"), value) for value in (None, 3, ["a"], "../x", {})),
        *((entry, value) for entry in (RECIPE, ("freezing", "none"), ("baselines", "svm")) for value in (None, 3, [1])),
        (("baselines", "svm", "kind"), ["svm"]),
        (("study", "name"), "../x"),
        (("study", "models"), [None]),
        (("study", "models"), "lite0"),
        (("study", "explain"), [3]),
        (("study", "seeds"), [2**63]),
        (("study", "seeds"), [2**32]),
        (("split", "seed"), 2**32),
        (("dataset", "source", "seed"), 2**63),
        ((*RECIPE, "lr"), "0.002"),
        ((*RECIPE, "epochs"), True),
        ((*RECIPE, "epochs"), 10**12),
        ((*RECIPE, "input", "n_mel"), 3),
        (("dataset", "path"), "a" * 5000),
    ],
)
def test_hostile_values_are_refused_by_their_key(composed, key, value):
    values = composed()
    changed(values, key, value)
    with pytest.raises(PermafrostError) as error:
        schema.check_parameters(plain_yaml.read(PARAMS))
    assert key[0] in str(error.value) and len(str(error.value)) < 2000


def test_an_unknown_data_set_or_study_is_refused_with_the_known_ones(composed):
    with pytest.raises(Exception, match="esc10"):
        composed("dataset=esc11")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["timm:resnet81"], " has no 'resnet81' (did you mean"),
        (["timm:densenet121"], "models.a: backbone timm:densenet121: cannot be cut into units: 2 tensors, not one"),
        (["timm:test_vit"], "models.a: backbone timm:test_vit: cannot take pictures of 64 x 108"),
        (["vit_b_16"], "models.a: backbone vit_b_16: input of shape (64, 108); expected a square"),
        (["efficientnet_lite0", "models.a.input.size=[64,96]"], None),
    ],
)
def test_what_no_network_can_read_is_refused_before_anything_is_rendered(composed, overrides, said):
    backbone, *others = overrides
    study = ["study.models=[a]", "study.explain=[]"]
    composed("+model@models.a=efficientnet_lite0", f"models.a.backbone={backbone}", *others, *study)
    parameters = plain_yaml.read(PARAMS)
    schema.check_parameters(parameters)
    if said is None:
        check_networks(parameters)
        return
    with pytest.raises(PermafrostError) as error:
        check_networks(parameters)
    assert said in str(error.value)
