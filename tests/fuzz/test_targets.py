"""Each target under its seeds, under changed seeds, under any bytes, and for a second under coverage-guided fuzzing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

NAMES = sorted(TARGETS)
SEEDS = seeds()
_few = settings(
    derandomize=True, max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def test_every_target_has_seeds() -> None:
    assert sorted(SEEDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
@_few
@given(content=st.binary(max_size=2_000))
def test_any_bytes(name: str, content: bytes) -> None:
    TARGETS[name](content)


@pytest.mark.parametrize("name", NAMES)
@_few
@given(data=st.data())
def test_good_input_changed_somewhere(name: str, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SEEDS[name])))
    for _ in range(data.draw(st.integers(0, 4))):
        begin = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(begin, min(begin + 16, len(content))))
        content[begin:end] = data.draw(st.binary(max_size=16))
    TARGETS[name](bytes(content))


_KEYS = st.sampled_from(
    ["model", "train", "name", "units", "filters", "epochs", "seed", "data", "path", "augment", "x"]
)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3))


@_few
@given(values=st.dictionaries(_KEYS, _VALUES, max_size=5))
def test_any_values_under_known_keys(values: dict[str, object]) -> None:
    import yaml

    TARGETS["yaml_config"](yaml.safe_dump(values, allow_unicode=True).encode(errors="surrogatepass"))


_PARAMETERS = st.dictionaries(
    st.sampled_from(["choice", "low", "high", "step", "log", "x"]),
    _SCALARS | st.floats(0, 1) | st.integers(0, 9) | st.lists(_VALUES, max_size=3),
)
_SEARCHED = [
    "model",
    "model.name",
    "model.units",
    "model.l2",
    "train.optimizer",
    "train.optimizer.name",
    "train.epochs",
]


@_few
@given(space=st.dictionaries(st.sampled_from([*_SEARCHED, "train.optimizer.momentum", "seed", "x"]), _PARAMETERS))
@pytest.mark.parametrize("method", ["grid", "tpe"])
def test_any_space_of_a_search(method: str, space: dict[str, object]) -> None:
    import yaml

    values = {"search": {"method": method, "space": space}}
    TARGETS["yaml_config"](yaml.safe_dump(values, allow_unicode=True).encode(errors="surrogatepass"))


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is for Linux on x86-64 only")
@pytest.mark.parametrize("name", NAMES)
def test_fuzzing_for_a_second(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", "1"]
    root = Path(__file__).parent.parent.parent
    process = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, timeout=120, check=False
    )
    assert process.returncode == 0, process.stderr
    assert list(tmp_path.iterdir()) == []
