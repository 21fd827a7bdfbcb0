"""Reading a study's cells: exactly those, and every way in which one can be incomplete."""

import json
import shutil

import pytest

from permafrost.errors import PermafrostError
from permafrost.evaluation.cells import read_study

MODELS, FREEZES, SEEDS = ["vit", "vit_random"], ["none", "half", "head"], [0, 1]


@pytest.fixture
def folder(fake_study):
    return fake_study(MODELS, FREEZES, SEEDS)


def read(folder):
    return read_study(folder, MODELS, FREEZES, SEEDS)


def test_every_cell_gives_one_run_and_its_predictions(folder):
    cells = read(folder)
    assert len(cells.runs) == 12
    assert list(cells.runs.columns[:4]) == ["model", "freeze", "depth", "seed"]
    assert list(cells.runs["depth"].unique()) == [0, 1, 2]
    assert cells.classes == ["blues", "disco", "jazz", "pop"]
    assert len(cells.predictions) == 12 * 80
    assert len(cells.histories) == 12 * 5
    told = json.loads((folder / "vit/half/1/metrics.json").read_text())
    run = cells.runs.query("model == 'vit' and freeze == 'half' and seed == 1").iloc[0]
    assert run["test_accuracy"] == told["test"]["accuracy"]
    assert run["valid_loss"] == told["valid"]["loss"]
    assert run["seconds_total"] == 7.5
    assert cells.predictions.loc[0, "p:blues"] in (0.6, pytest.approx(0.4 / 3))


def test_the_order_of_strategies_is_the_studys_not_the_alphabets(folder):
    cells = read_study(folder, ["vit"], ["head", "none"], [1, 0])
    assert list(cells.runs["freeze"]) == ["head", "head", "none", "none"]
    assert list(cells.runs["seed"]) == [1, 0, 1, 0]


def test_classes_that_look_like_numbers_missing_values_or_columns_stay_names(fake_study):
    classes = ("007", "NA", "label", "null")
    folder = fake_study(["vit"], ["none"], [0], classes=classes)
    cells = read_study(folder, ["vit"], ["none"], [0])
    assert cells.classes == list(classes)
    assert set(cells.predictions["label"]) == set(classes)


def test_missing_cells_are_all_named_with_what_to_run(folder):
    shutil.rmtree(folder / "vit/half")
    (folder / "vit_random/head/1/metrics.json").unlink()
    with pytest.raises(PermafrostError) as error:
        read(folder)
    message = str(error.value)
    assert "are missing, 3 of 12:" in message
    assert "  vit/half: seeds 0, 1\n" in message
    assert "  vit_random/head: seed 1\n" in message
    assert "`dvc repro --glob '*@vit-half-0'`" in message


def test_without_any_cell_every_one_is_missing(tmp_path):
    with pytest.raises(PermafrostError, match="are missing, 12 of 12"):
        read(tmp_path / "nowhere")


def test_extra_cells_are_ignored_and_named(folder, fake_study, caplog):
    fake_study(["vit", "cnn"], ["none"], [0, 1, 7, 8], folder=folder)
    cells = read(folder)
    assert len(cells.runs) == 12
    assert set(cells.runs["model"]) == set(MODELS)
    assert "6 runs are not in the study" in caplog.text
    assert "cnn/none: seeds 0, 1, 7, 8" in caplog.text
    assert "vit/none: seeds 7, 8" in caplog.text


def test_dotfiles_empty_folders_and_stray_files_are_no_cells(folder, caplog):
    (folder / ".gitignore").write_text("/vit\n")
    (folder / "vit/none/.gitignore").write_text("/0\n")
    (folder / "vit/none/9").mkdir()
    (folder / "vit/none/9/.gitignore").write_text("x\n")
    (folder / "vit/none/notes.txt").write_text("a remark\n")
    (folder / ".old/none/3").mkdir(parents=True)
    (folder / ".old/none/3/metrics.json").write_text("{}")
    assert len(read(folder).runs) == 12
    assert caplog.text == ""


@pytest.mark.parametrize("name", ["predictions.csv", "history.csv", "environment.json"])
def test_a_cell_without_one_of_its_files_is_named(folder, name):
    (folder / "vit/half/1" / name).unlink()
    with pytest.raises(PermafrostError, match=rf"vit/half/1/{name} does not exist.*dvc repro --glob '\*@vit-half-1'"):
        read(folder)


@pytest.mark.parametrize("name", ["metrics.json", "predictions.csv", "history.csv", "environment.json"])
@pytest.mark.parametrize("share", [0, 0.4, 0.9])
def test_a_file_cut_short_anywhere_is_named(folder, name, share):
    path = folder / "vit/half/1" / name
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PermafrostError, match=rf"vit/half/1/{name}.*remove .*vit/half/1 and run"):
        read(folder)


@pytest.mark.parametrize("name", ["metrics.json", "predictions.csv"])
def test_bytes_that_are_no_text_are_named(folder, name):
    (folder / "vit/half/1" / name).write_bytes(b"\xff\xfe\x00rubbish")
    with pytest.raises(PermafrostError, match=rf"{name} is broken"):
        read(folder)


def test_rows_that_were_lost_do_not_fit_the_metrics(folder):
    path = folder / "vit/none/0/predictions.csv"
    lines = path.read_text().splitlines(keepends=True)
    wrong = [
        line for line in lines[1:] if line.split(",")[1:2] == ["test"] and line.split(",")[2] != line.split(",")[3]
    ]
    path.write_text("".join(line for line in lines if line != wrong[0]))
    with pytest.raises(PermafrostError, match=r"vit/none/0: metrics\.json says test accuracy .* over 39 clips"):
        read(folder)


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": 7}, "tells of the run vit/none/7, expected vit/none/0"),
        ({"test": {"accuracy": 0.5, "macro_f1": float("nan"), "loss": 1.0}}, r"test\.macro_f1 missing or not a number"),
        ({"valid": None}, r"valid\.accuracy, valid\.macro_f1, valid\.loss missing"),
        ({"test": {"accuracy": "high", "macro_f1": 0.5, "loss": 1.0}}, r"test\.accuracy missing or not a number"),
    ],
)
def test_metrics_that_cannot_be_meant_are_named(folder, values, message):
    change(folder / "vit/none/0/metrics.json", **values)
    with pytest.raises(PermafrostError, match=r"vit/none/0/metrics\.json.*" + message):
        read(folder)


def test_metrics_that_are_no_mapping_are_named(folder):
    (folder / "vit/none/0/metrics.json").write_text("[1, 2]")
    with pytest.raises(PermafrostError, match=r"metrics\.json: got \[1, 2\], expected a mapping"):
        read(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("clip_id,subset", "clip,subset", "the columns are clip, subset.*expected clip_id"),
        ("valid,blues", "dev,blues", "subset is 'dev' in a row, expected one of valid, test"),
        ("valid,blues", "valid,rock", "label is 'rock' in a row, expected one of blues, disco"),
        ("0.6", "lots", "a value is not a number.*'lots'"),
    ],
)
def test_predictions_that_cannot_be_meant_are_named(folder, old, new, message):
    path = folder / "vit/none/0/predictions.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(PermafrostError, match=r"vit/none/0/predictions\.csv: " + message):
        read(folder)


def test_cells_of_other_data_are_named(folder, fake_study):
    fake_study(["vit_random"], ["none"], [1], folder=folder, classes=("dog", "hen", "rain", "sea"))
    with pytest.raises(PermafrostError, match=r"vit_random/none/1/predictions\.csv: has the classes dog.*has blues"):
        read(folder)


def test_baselines_stand_apart_from_the_models(fake_study, caplog):
    folder = fake_study(MODELS, FREEZES, SEEDS, baselines=["svm", "cnn"])
    cells = read_study(folder, MODELS, FREEZES, SEEDS, ["svm", "cnn"])
    assert not caplog.text
    assert set(cells.runs["model"]) == set(MODELS) == set(cells.predictions["model"])
    assert cells.baselines.models == ["svm", "cnn"]
    assert list(cells.baselines.runs["freeze"].unique()) == ["baseline"]
    assert len(cells.baselines.runs) == 4
    assert read_study(folder, MODELS, FREEZES, SEEDS).baselines is None
    assert "svm/baseline: seeds 0, 1" in caplog.text


def test_a_missing_baseline_is_named_with_what_to_run(fake_study):
    folder = fake_study(MODELS, FREEZES, SEEDS, baselines=["svm"])
    shutil.rmtree(folder / "svm/baseline/1")
    with pytest.raises(
        PermafrostError, match=r"are missing, 1 of 14:\n  svm/baseline: seed 1\n.*dvc repro --glob '\*@svm-1'`"
    ):
        read_study(folder, MODELS, FREEZES, SEEDS, ["svm"])


def test_baselines_of_other_classes_are_refused(fake_study):
    folder = fake_study(MODELS, FREEZES, SEEDS)
    fake_study([], [], SEEDS, folder=folder, baselines=["svm"], classes=("owl", "wren"))
    with pytest.raises(PermafrostError, match="baselines have the classes owl, wren, those of the models blues"):
        read_study(folder, MODELS, FREEZES, SEEDS, ["svm"])
