from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from mnist_trainer import benchmark
from mnist_trainer.benchmarking import candidates
from mnist_trainer.benchmarking.candidates import chosen_formats, find_candidates, missing_formats
from mnist_trainer.errors import ConfigError, MissingExtra, ModelError
from mnist_trainer.formats import keras, litert
from mnist_trainer.formats.model_source import ModelSource, model_of
from mnist_trainer.runs.run import Run

FORMATS = {"keras": keras, "litert": litert}


def test_own_files_are_measured_where_they_are(copied_run: Run, tmp_path: Path) -> None:
    for name in ("litert-int8", "litert", "onnx", "litert-bad.rejected"):
        (copied_run.path / "exports" / name).mkdir(parents=True)
    for file in ("litert-int8/model.tflite", "litert/model.tflite", "litert-bad.rejected/model.tflite.rejected"):
        (copied_run.path / "exports" / file).touch()
    found = find_candidates(model_of(copied_run), FORMATS, tmp_path)
    paths = {candidate.name: str(candidate.source.path.relative_to(copied_run.path)) for candidate in found}
    assert paths == {
        "keras": "model.keras",
        "litert": "model.tflite",
        "litert-int8": "exports/litert-int8/model.tflite",
    }
    (copied_run.path / "model.tflite").unlink()
    found = find_candidates(model_of(copied_run), FORMATS, tmp_path)
    assert str(found[1].source.path.relative_to(copied_run.path)) == "exports/litert/model.tflite"
    assert not any(candidate.is_missing for candidate in found)


def test_file_that_is_not_there_is_written_elsewhere(copied_run: Run, tmp_path: Path) -> None:
    (copied_run.path / "model.tflite").unlink()
    _, missing = find_candidates(model_of(copied_run), FORMATS, tmp_path / "new")
    assert (missing.is_missing, missing.source.path) == (True, tmp_path / "new/litert/model.tflite")
    missing.write(["zero", "one"])
    assert missing.source.path.stat().st_size > 10_000


def test_format_that_always_quantises_is_measured_where_the_run_has_a_file(
    copied_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litert, "ALWAYS_QUANTIZES", "int8", raising=False)
    assert len(find_candidates(model_of(copied_run), FORMATS, tmp_path)) == 2
    (copied_run.path / "model.tflite").unlink()
    assert [candidate.name for candidate in find_candidates(model_of(copied_run), FORMATS, tmp_path)] == ["keras"]
    with pytest.raises(ModelError, match="there is no file to measure in litert; mnist-train export writes one"):
        benchmark(copied_run, formats=["litert"])


def test_named_file_is_measured_as_it_is(tmp_path: Path) -> None:
    source = ModelSource(tmp_path / "a.tflite", litert)
    (only,) = find_candidates(source, {"keras": keras}, tmp_path)
    assert (only.source, only.name, only.title, only.is_missing) == (source, "litert", str(source.path), False)


def test_formats_are_those_that_were_asked_for_with_keras_first() -> None:
    assert list(chosen_formats(["litert", "keras"])) == ["keras", "litert"]
    assert next(iter(chosen_formats(["all"]))) == "keras"
    assert set(chosen_formats()) | set(missing_formats()) == set(chosen_formats(["all"]))


def test_unknown_format_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="formats: 'lite' is unknown; did you mean 'litert'"):
        chosen_formats(["lite"])


@pytest.fixture
def rare(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A format that needs a package which is not installed."""
    module = ModuleType("mnist_trainer.formats.rare")
    module.EXTRA, module.PACKAGES = "rare", ("no_such_package",)  # type: ignore[attr-defined]
    monkeypatch.setattr(candidates, "known_formats", lambda: {**FORMATS, "rare": module})
    return module


def test_format_whose_package_is_missing_is_left_out_unless_it_is_asked_for(rare: ModuleType) -> None:
    assert list(chosen_formats()) == ["keras", "litert"]
    assert missing_formats() == {"rare": "rare"}
    for names in (["rare"], ["all"]):
        with pytest.raises(MissingExtra, match=r"pip install 'mnist-train\[rare\]'"):
            chosen_formats(names)


def test_what_a_converter_does_not_know_is_a_sentence(
    copied_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_model(*_arguments: object) -> None:
        raise AttributeError("no operator Gelu\nmore")

    monkeypatch.setattr(litert, "write_model", write_model)
    (copied_run.path / "model.tflite").unlink()
    _, missing = find_candidates(model_of(copied_run), FORMATS, tmp_path / "new")
    with pytest.raises(ModelError, match=r"model\.keras: the converter cannot write it: no operator Gelu$"):
        missing.write([])
