from typing import Annotated, Literal

import pytest
from pydantic import Field

from permafrost.errors import PermafrostError
from permafrost.settings import Name, Seed, Settings, choose, shown, validate


class Inner(Settings):
    width: int = 1


class One(Settings):
    kind: Literal["one"]
    first: int = 1


class Pattern(Settings):
    kind: Literal["pattern"]
    pattern: str = ""


class Example(Settings):
    lr: Annotated[float, Field(gt=0)] = 0.1
    inner: Inner = Inner()
    name: str
    epochs: int = 1
    choice: Annotated[One | Pattern, Field(discriminator="kind")] | None = None
    freeze: int | float | str = 0
    sizes: tuple[int, ...] = ()
    flag: bool = False
    mode: Literal["fast", "slow"] = "fast"
    seed: Seed = 0
    folder: Name = "a"


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
            "models.x.lrr: unknown key (value 1); expected one of lr, inner, name, epochs, choice, freeze, sizes, "
            "flag, mode, seed, folder (did you mean 'lr'?)",
        ),
        ({"name": "a", "inner": {"widht": 3}}, "models.x.inner.widht: unknown key (value 3); expected one of width"),
        ([1], "models.x: got [1], expected a mapping with the keys lr, inner, name"),
        (
            {"name": "a", "choice": {"kind": "pattern", "patern": "x"}},
            "models.x.choice.patern: unknown key (value 'x'); ",
        ),
        ({"name": "a", "choice": {"kind": "pattern", "patern": "x"}}, "kind, pattern (did you mean 'pattern'?)"),
        ({"name": "a", "choice": {"kind": "on"}}, "models.x.choice.kind: got 'on': "),
        ({"name": "a", "choice": {"kind": "on"}}, "(did you mean 'one'?)"),
        ({"name": "a", "choice": {"first": 2}}, "models.x.choice.kind: missing"),
        ({"name": "a", "choice": {"kind": "one", "first": True}}, "models.x.choice.first: got True: "),
        (
            {"name": "a", "mode": "fats"},
            "models.x.mode: got 'fats': input should be 'fast' or 'slow' (did you mean 'fast'?)",
        ),
        (
            {"name": "a", "freeze": True},
            "models.x.freeze: got True: input should be a valid integer or a valid number or",
        ),
        ({"name": "a", "sizes": 3}, "models.x.sizes: got 3: input should be a list"),
        ({"name": "a" * 200, "inner": "b" * 9999}, "bbb...bbb"),
    ],
)
def test_a_fault_names_key_value_and_what_is_allowed(values, said):
    with pytest.raises(PermafrostError) as error:
        validate(Example, values, "models.x")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("lr", value) for value in (float("inf"), float("nan"), "0.002", True, None, [], {})),
        *(("epochs", value) for value in (True, 1e12, 8.0, "8", None)),
        *(("freeze", value) for value in (True, float("nan"), None)),
        *(("flag", value) for value in (1, "true", None)),
        *(("sizes", value) for value in ([1.0], [True], ["1"], "12")),
        *(("seed", value) for value in (-1, 2**32, 2**63, 2**64, True, 1.0)),
        *(("folder", value) for value in ("", "a/b", "..", ".", "a" * 300, "a b", "é", "-x", "a\n", None, 1)),
        *(("name", value) for value in (None, 1, True, ["a"])),
    ],
)
def test_values_of_another_kind_are_refused_not_converted(field, value):
    with pytest.raises(PermafrostError, match=rf"^models\.x\.{field}"):
        validate(Example, {"name": "a", field: value}, "models.x")


def test_values_of_the_kind_are_taken():
    values = {"name": "a", "lr": 1, "sizes": [1, 2], "freeze": 0.5, "seed": 2**32 - 1, "folder": "a_b-1"}
    read = validate(Example, values, "models.x")
    assert (read.lr, read.sizes, read.freeze, read.seed, read.folder) == (1.0, (1, 2), 0.5, 2**32 - 1, "a_b-1")
    whole = validate(Example, {"name": "a", "freeze": 1}, "models.x").freeze
    assert whole == 1 and isinstance(whole, int)


def test_a_value_is_shown_in_a_line():
    assert shown("short") == "'short'" and len(shown("long" * 1000)) < 200 and len(shown([list(range(99))] * 99)) < 500


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


@pytest.mark.parametrize("name", [None, 3, True, ["a"], {}, "a" * 100_000])
def test_a_name_that_is_no_name_does_not_exist(name):
    with pytest.raises(PermafrostError, match=r"k: .* does not exist; expected one of a, b"):
        choose(name, ["a", "b"], "k")
