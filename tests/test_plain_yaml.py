"""A file of parameters that was made to do harm, or by mistake: named and refused, in no time, never a traceback."""

import pytest

from permafrost import plain_yaml
from permafrost.errors import PermafrostError

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BOMB, "line 2: *a0 is an alias"),
        ("a: &a [*a]", "is an alias"),
        ("a: " + "[" * 100_000, "deeper than 20"),
        ("a: " + "{a: " * 100_000, "deeper than 20"),
        ("- " * 100_000, "deeper than 20"),
        ("a: caf\xe9".encode("latin-1"), "not UTF-8 from byte 6 on"),
        ("a: 1".encode("utf-16"), "not UTF-8"),
        ("", "empty, expected a mapping"),
        ("# nothing", "empty, expected a mapping"),
        ("[1]", "a list, expected a mapping"),
        ("3", "a number, expected a mapping"),
        ("models: {1: {}}", "models: the key 1 is a number, expected text"),
        ("models: {~: {}}", "models: the key None is a null, expected text"),
        ("? [1]\n: 2", "the key (1,) is a tuple"),
        ("a: 1\na: 2", "duplicate key"),
        ("a: [1", "not valid YAML"),
        ("a: 1\n---\nb: 2", "not valid YAML"),
        ("a: !!python/object/apply:os.system ['true']", "not valid YAML"),
        ("a: 2020-13-41", "not valid YAML"),
        ("a: {b: [2020-01-01]}", "a.b.0: got a date"),
        ("a: !!set {b}", "a: got a set"),
        ("a: " + "9" * 5000, "not valid YAML"),
        ("a: 0x" + "f" * 5000, "a: an integer of 20000 bits"),
        ("a: 9223372036854775808", "a: an integer of 64 bits"),
        ('a: "b\\0c"', "without control characters"),
        ("a: " + "b" * 20_000, "10000 at most"),
        ("a: " + "b" * 2_000_000, "2000003 bytes, expected at most 1000000"),
    ],
)
def test_what_is_no_file_of_parameters_is_refused(tmp_path, content, said):
    path = tmp_path / "params.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PermafrostError) as error:
        plain_yaml.read(path)
    assert said in str(error.value) and "params.yaml" in str(error.value) and len(str(error.value)) < 1000


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_is_no_file_is_refused(tmp_path, kind):
    if kind == "folder":
        (tmp_path / "params.yaml").mkdir()
    with pytest.raises(PermafrostError, match="project's root"):
        plain_yaml.read(tmp_path / "params.yaml")


def test_values_are_what_dvc_reads():
    """YAML 1.2: DVC writes these without quotes, and a reader of YAML 1.1 takes them for something else."""
    text = "rate: 1e-05\nno: on\ntime: 1:30\ncafé: [0.5, 1, true, null, '1']\n"
    expected = {"rate": 1e-05, "no": "on", "time": "1:30", "café": [0.5, 1, True, None, "1"]}
    assert plain_yaml.parse(text, "params.yaml") == expected
