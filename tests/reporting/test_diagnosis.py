from __future__ import annotations

import sys
from types import ModuleType

import pytest

from mnist_trainer.component import Component
from mnist_trainer.config.load import load_config
from mnist_trainer.files.limits import MAX_EPOCHS
from mnist_trainer.reporting.diagnosis import diagnose

Row = dict[str, float]


def rows(*epochs: tuple[float, float, float]) -> list[Row]:
    """Training accuracy, validation accuracy and validation loss of each epoch."""
    return [
        {"accuracy": accuracy, "validation_accuracy": validation, "validation_loss": loss}
        for accuracy, validation, loss in epochs
    ]


OVERFITTING = rows((0.95, 0.96, 0.15), (0.98, 0.975, 0.1), (0.99, 0.977, 0.11), (0.995, 0.978, 0.13))
UNDERFITTING = rows((0.90, 0.91, 0.30), (0.92, 0.92, 0.28), (0.921, 0.92, 0.279))
IMPROVING = rows((0.95, 0.96, 0.2), (0.97, 0.97, 0.1), (0.98, 0.98, 0.08))
WELL_FITTED = rows((0.98, 0.98, 0.05), (0.99, 0.99, 0.04), (0.991, 0.991, 0.0398))


@pytest.mark.parametrize(
    ("history", "verdict", "rising_since"),
    [
        (OVERFITTING, "overfitting", 2),
        (UNDERFITTING, "underfitting", None),
        (IMPROVING, "still improving", None),
        (WELL_FITTED, "well fitted", None),
        (rows((0.8, 0.9, 0.4)), "still improving", None),
        (rows((1.0, 1.0, 0.0), (1.0, 1.0, 0.0)), "well fitted", None),
        ([{"accuracy": 0.9, "loss": 0.3}], "unknown", None),
    ],
)
def test_verdict(history: list[Row], verdict: str, rising_since: int | None) -> None:
    diagnosis = diagnose(history, load_config("dense"), len(history))
    assert (diagnosis.verdict, diagnosis.rising_since) == (verdict, rising_since)


def test_text_gives_the_numbers() -> None:
    diagnosis = diagnose(OVERFITTING, load_config("dense"), 4)
    assert diagnosis.generalisation_gap == pytest.approx(0.017)
    assert "is 99.50 %, 1.70 points above the 97.80 % on images" in diagnosis.text
    assert "The best epoch is 4 of 4; the validation loss has risen since epoch 2." in diagnosis.text


@pytest.mark.parametrize("name", ["linear", "dense", "conv", "good", "tiny"])
@pytest.mark.parametrize("history", [OVERFITTING, UNDERFITTING, IMPROVING, [{"accuracy": 0.9}]])
def test_every_suggestion_can_be_set(history: list[Row], name: str) -> None:
    diagnosis = diagnose(history, load_config(name), len(history))
    assert diagnosis.suggestions
    held_out = ["data.validation_fraction=0.2"]  # without it there is no early stopping
    for suggestion in diagnosis.suggestions:
        assert load_config(name, [*held_out, suggestion.overrides]) != load_config(name, held_out)


def test_suggestions_against_overfitting_are_those_that_are_not_done_yet() -> None:
    config = load_config("dense", ["augment.shift=2", "model.dropout=0.5", "train.early_stopping.patience=3"])
    overrides = [suggestion.overrides for suggestion in diagnose(OVERFITTING, config, 4).suggestions]
    assert overrides == ["augment.rotate=10", "model.l2=1e-4", "model.units=[64,32]"]


def test_longest_training_is_not_made_longer() -> None:
    config = load_config("dense", ["model.units=[20000]", f"train.epochs={MAX_EPOCHS}"])
    assert diagnose(UNDERFITTING, config, 3).suggestions == ()


def test_more_epochs_do_not_help_a_run_that_was_stopped_early() -> None:
    config = load_config("dense", ["train.early_stopping.patience=2"])
    (suggestion,) = diagnose(IMPROVING, config, 3).suggestions
    assert suggestion.overrides == "train.early_stopping.patience=4"


@pytest.mark.parametrize(
    ("history", "overrides"),
    [
        (OVERFITTING, ["augment.shift=2", "train.early_stopping.patience=3"]),
        (UNDERFITTING, ["train.epochs=20"]),
    ],
)
def test_architecture_without_suggestions_of_its_own_is_diagnosed(
    history: list[Row], overrides: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mnist_trainer.models.bare", ModuleType("bare"))
    config = load_config("dense").model_copy(update={"model": Component(name="bare")})
    assert [suggestion.overrides for suggestion in diagnose(history, config, 3).suggestions] == overrides


def curves_of(*accuracies: tuple[float, float]) -> list[dict[str, float]]:
    return [
        {"accuracy": a, "loss": 1, "validation_accuracy": v, "validation_loss": 2 - v, "epoch": number}
        for number, (a, v) in enumerate(accuracies, start=1)
    ]


def test_gap_that_few_validation_examples_cannot_carry_is_none() -> None:
    curves = curves_of((0.98, 0.95), (0.985, 0.95))
    assert diagnose(curves, load_config("dense"), 2, num_validation=6_000).verdict == "overfitting"
    assert diagnose(curves, load_config("dense"), 2, num_validation=60).verdict != "overfitting"


def test_model_that_guesses_has_learned_nothing() -> None:
    found = diagnose(curves_of((0.11, 0.05), (0.108, 0.07)), load_config("dense"), 2, num_validation=540)
    assert found.verdict == "at chance"
    assert "has learned nothing" in found.text
    assert [suggestion.overrides for suggestion in found.suggestions] == ["train.optimizer.learning_rate=0.0001"]
    assert diagnose(curves_of((0.6, 0.55)), load_config("dense"), 1, chance=0.5).verdict == "at chance"
