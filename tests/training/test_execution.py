from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import keras
import pytest
import tensorflow as tf

from mnist_trainer import backend
from mnist_trainer.backend import cpu_flags
from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config, TrainConfig
from mnist_trainer.reporting.train_report import Execution
from mnist_trainer.training.execution import choose_execution, device_text, dtype_policy


def use_cpu(flags: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor : 0\nmodel name : X\nflags\t\t: fpu {flags}\nbugs : none\n")
    monkeypatch.setattr(backend, "_CPU_INFO", tmp_path / "cpuinfo")


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ("avx2", "float32"),
        ("avx512f avx512_vnni", "float32"),
        ("avx512_bf16", "mixed_bfloat16"),
        ("amx_bf16", "mixed_bfloat16"),
    ],
)
def test_auto_takes_bfloat16_where_the_cpu_is_fast_at_it(
    flags: str, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_cpu(flags, tmp_path, monkeypatch)
    assert choose_execution(load_config("conv"), 422) == Execution(precision, jit_compile=False, steps_per_execution=42)


@pytest.mark.parametrize(
    ("name", "precision"),
    [("conv", "mixed_bfloat16"), ("accurate", "mixed_bfloat16"), ("tiny", "float32"), ("dense", "float32")],
)
def test_without_amx_only_wide_convolutions_are_trained_in_bfloat16(
    name: str, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_cpu("avx512_bf16", tmp_path, monkeypatch)
    assert choose_execution(load_config(name), 422).precision == precision
    use_cpu("avx512_bf16 amx_bf16", tmp_path, monkeypatch)
    assert choose_execution(load_config(name), 422).precision == "mixed_bfloat16"


def test_no_cpuinfo_means_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_CPU_INFO", tmp_path / "absent")
    assert cpu_flags() == set()
    assert choose_execution(load_config("conv"), 422).precision == "float32"


@pytest.mark.parametrize(("num_steps", "expected"), [(1, 1), (9, 1), (55, 5), (422, 42), (10_000, 64)])
def test_auto_calls_about_ten_times_an_epoch(num_steps: int, expected: int) -> None:
    assert choose_execution(load_config("conv"), num_steps).steps_per_execution == expected


def test_what_the_user_asks_for_is_taken() -> None:
    config = Config(train=TrainConfig(precision="mixed_float16", jit_compile=True, steps_per_execution=1_000))
    chosen = choose_execution(config, 422)
    assert chosen == Execution("mixed_float16", jit_compile=True, steps_per_execution=422)
    assert str(chosen) == "mixed_float16, XLA, 422 steps a call"


def test_policy_is_put_back_even_after_a_failure() -> None:
    before = keras.config.dtype_policy().name
    with suppress(ZeroDivisionError), dtype_policy("mixed_bfloat16"):
        inside = keras.config.dtype_policy().name
        raise ZeroDivisionError
    assert (inside, keras.config.dtype_policy().name) == ("mixed_bfloat16", before)


def test_device_is_named_as_tensorflow_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r"CPU, \d+ cores?", device_text())
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _kind: ["first", "second"])
    details = {"first": {"device_name": "NVIDIA T4"}, "second": {}}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", details.__getitem__)
    assert device_text() == "NVIDIA T4, GPU"
