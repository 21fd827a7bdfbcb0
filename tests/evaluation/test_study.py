"""A study's lists: what they give, and what they may not hold."""

import pytest

from permafrost.errors import PermafrostError
from permafrost.evaluation.study import Study, control_of, is_control
from permafrost.settings import validate

GOOD = {"name": "demo", "models": ["vit", "vit_random"], "freezes": ["none", "head"], "seeds": [0, 1]}


def test_a_study_is_the_product_of_its_lists_in_their_order():
    runs = validate(Study, {**GOOD, "baselines": ["svm"]}, "study").runs()
    assert len(runs) == 10
    assert runs[:3] == [("vit", "none", 0), ("vit", "none", 1), ("vit", "head", 0)]
    assert runs[0].command == "dvc repro --glob '*@vit-none-0'" and runs[0].folder.as_posix() == "vit/none/0"
    assert runs[-1].command == "dvc repro --glob '*@svm-1'" and runs[-1].folder.as_posix() == "svm/baseline/1"


def test_a_control_is_the_recipe_of_that_name():
    assert control_of("vit", GOOD["models"]) == "vit_random"
    assert control_of("vit_random", GOOD["models"]) is None
    assert is_control("vit_random", GOOD["models"])
    assert not is_control("vit_random", ["vit_random"])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("models", [], r"study\.models: got \[\].*at least 1"),
        ("models", ["a", "b", "a"], r"study\.models: got .*'a' is listed twice"),
        ("models", ["vit.b"], r"study\.models\.0: got 'vit\.b'.*no dot"),
        ("models", ["a/b"], r"study\.models\.0: got 'a/b'.*slash"),
        ("models", ["data"], r"study\.models\.0: got 'data'.*details\.json"),
        ("models", "vit", r"study\.models: got 'vit'.*list"),
        ("freezes", [], r"study\.freezes: got \[\]"),
        ("freezes", [0.5], r"study\.freezes\.0: got 0\.5.*string"),
        ("freezes", [None], r"study\.freezes\.0: got None"),
        ("seeds", [], r"study\.seeds: got \[\]"),
        ("seeds", [1, 1], r"study\.seeds: got .*1 is listed twice"),
        ("seeds", [-1], r"study\.seeds\.0: got -1.*greater than or equal to 0"),
        ("seeds", ["1"], r"study\.seeds\.0: got '1'.*integer"),
        ("seeds", [True], r"study\.seeds\.0: got True"),
        ("seeds", 3, r"study\.seeds: got 3.*list"),
        ("name", "a b", r"study\.name: got 'a b'"),
        (
            "folds",
            3,
            r"study\.folds: unknown key .*models, freezes, seeds, continued, .*, explain, name",
        ),
    ],
)
def test_what_a_study_may_not_hold_is_named(key, value, message):
    with pytest.raises(PermafrostError, match=message):
        validate(Study, {**GOOD, key: value}, "study")
