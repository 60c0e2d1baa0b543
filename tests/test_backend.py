from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from mnist_trainer import backend
from mnist_trainer.errors import MnistTrainerError


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processors have other instructions")
def test_processor_without_avx_is_refused_before_tensorflow_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text("flags : fpu sse4_2\n")
    monkeypatch.setattr(backend, "_CPU_INFO", tmp_path / "cpuinfo")
    with pytest.raises(MnistTrainerError, match="this CPU has no AVX instructions"):
        backend.import_backend()


def test_keras_on_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["keras"].config, "backend", lambda: "torch")
    with pytest.raises(MnistTrainerError, match="Keras runs on torch here"):
        backend.import_backend()
