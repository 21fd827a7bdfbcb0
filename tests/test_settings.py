from typing import Annotated

import pytest
from pydantic import Field

from permafrost.errors import PermafrostError
from permafrost.settings import Settings, choose, validate


class Inner(Settings):
    width: int = 1


class Example(Settings):
    lr: Annotated[float, Field(gt=0)] = 0.1
    inner: Inner = Inner()
    name: str


def test_values_are_checked_and_typed():
    assert validate(Example, {"name": "a", "lr": 2}, "models.x").lr == 2.0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "a", "lr": -1}, "models.x.lr: got -1: input should be greater than 0"),
        ({"name": "a", "lr": "fast"}, "models.x.lr: got 'fast': input should be a valid number"),
        ({}, "models.x.name: missing"),
        (
            {"name": "a", "lrr": 1},
            "models.x.lrr: unknown key (value 1); expected one of lr, inner, name (did you mean 'lr'?)",
        ),
        ({"name": "a", "inner": {"widht": 3}}, "models.x.inner.widht: unknown key (value 3); expected one of width"),
        ([1], "models.x: got [1], expected a mapping with the keys lr, inner, name"),
    ],
)
def test_a_fault_names_key_value_and_what_is_allowed(values, said):
    with pytest.raises(PermafrostError) as error:
        validate(Example, values, "models.x")
    assert said in str(error.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(PermafrostError) as error:
        validate(Example, {"lr": 0, "x": 1}, "k")
    assert {line.split(":")[0] for line in str(error.value).splitlines()} == {"k.lr", "k.x", "k.name"}


def test_a_name_that_does_not_exist_is_told_its_neighbours():
    choose("a", ["a", "b"], "study.models")
    with pytest.raises(
        PermafrostError, match=r"study\.models: 'vitt' does not exist; .*vit, cnn \(did you mean 'vit'\?\)"
    ):
        choose("vitt", ["vit", "cnn"], "study.models")
