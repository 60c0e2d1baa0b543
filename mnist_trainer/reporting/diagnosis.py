"""Over- and underfitting, read from the curves of a run, and what to try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mnist_trainer.component import Misfit, Suggestion
from mnist_trainer.config.schema import AugmentConfig, Config, TrainConfig
from mnist_trainer.evaluation.statistics import wilson_interval
from mnist_trainer.files.limits import MAX_EPOCHS
from mnist_trainer.models import suggest
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.reporting.wording import percent

Verdict = Misfit | Literal["still improving", "well fitted", "at chance", "unknown"]

# Points of accuracy (as fractions) and shares of the loss from which a difference counts, chosen on runs of
# linear.yaml (gap 0.3 points, 92 %), dense.yaml (1.8 points, loss 20 % above its least) and conv.yaml (0.1 points).
_LARGE_GAP = 0.01
_RISEN = 1.05
_LOW_ACCURACY = 0.97
_IMPROVEMENT, _QUICK_IMPROVEMENT = 0.02, 0.1
_TINY = 1e-9
# From so many times the accuracy of guessing, something was learned.
_LEARNED = 1.5


@dataclass(frozen=True)
class Diagnosis:
    """What the curves of a run say.

    Attributes:
        verdict: in one word or two.
        generalisation_gap: training accuracy less validation accuracy in the last epoch; None without validation.
        rising_since: the epoch, from 1, after which the validation loss rose; None where it did not.
        summary: a sentence or two.
        text: one paragraph in plain words.
        suggestions: what to try.
    """

    verdict: Verdict
    generalisation_gap: float | None
    rising_since: int | None
    summary: str
    text: str
    suggestions: tuple[Suggestion, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the diagnosis as plain values."""
        return asdict(self)


def diagnose_run(report: TrainReport, config: Config) -> Diagnosis:
    """Return what the curves of a run say, which `config` was trained by."""
    num_validation = report.validation.num_examples if report.validation else 0
    chance = 1 / report.num_classes
    return diagnose(report.history, config, report.best_epoch, chance=chance, num_validation=num_validation)


def diagnose(
    history: Sequence[Mapping[str, float]],
    config: Config,
    best_epoch: int,
    *,
    chance: float = 0.1,
    num_validation: int = 6_000,
) -> Diagnosis:
    """Return what the curves say.

    Args:
        history: the rows of metrics.jsonl, one for each epoch, at least one.
        config: what was trained.
        best_epoch: the epoch, from 1, whose weights were kept.
        chance: the accuracy of guessing.
        num_validation: validation examples; of few, a difference may be chance.

    Source: Goodfellow, Bengio and Courville 2016, "Deep Learning", sections 5.2 and 7.8.
    """
    last = history[-1]
    if "validation_loss" not in last:
        return _without_validation(history)
    gap = last["accuracy"] - last["validation_accuracy"]
    rising_since = _rising_since(history)
    verdict = _verdict(history, gap, rising_since, _noise(last["validation_accuracy"], num_validation))
    if last["accuracy"] < _LEARNED * chance:
        verdict = "at chance"
    text = f"{_measured(last, gap)} {_curve(history, best_epoch, rising_since)} {_MEANING[verdict]}"
    summary = f"{_MEANING[verdict]} {_in_short(last)}"
    return Diagnosis(verdict, gap, rising_since, summary, text, tuple(_suggestions(verdict, config, len(history))))


_MEANING: dict[Verdict, str] = {
    "overfitting": "The model overfits: it learns its training images by heart, which does not help with others.",
    "underfitting": "The model underfits: it is too simple, or too much regularised, for its own training images.",
    "still improving": "Training ended while the model was still improving.",
    "well fitted": "The model is well fitted: more of the same training would change little.",
    "at chance": "The model has learned nothing: it is right hardly more often than by guessing.",
    "unknown": "",
}


_HOLD_OUT = Suggestion("hold out validation examples", "data.validation_fraction=0.1")


def _without_validation(history: Sequence[Mapping[str, float]]) -> Diagnosis:
    text = (
        f"In the last epoch the training accuracy is {percent(history[-1]['accuracy'])}. Nothing was held out for "
        "validation, so the curves cannot tell whether the model overfits."
    )
    return Diagnosis("unknown", None, None, text, text, (_HOLD_OUT,))


def _rising_since(history: Sequence[Mapping[str, float]]) -> int | None:
    """Return the epoch of the least validation loss, if the loss was clearly higher in the end."""
    losses = [row["validation_loss"] for row in history]
    least = losses.index(min(losses))
    return least + 1 if least < len(losses) - 1 and losses[-1] > _RISEN * losses[least] else None


def _noise(accuracy: float, num_examples: int) -> float:
    """Return by how much an accuracy measured on so many examples may differ from the true one, in 95 of 100 cases.

    It is 0 where the report of a run does not say how many there were.
    """
    if not num_examples:
        return 0.0
    low, high = wilson_interval(round(accuracy * num_examples), num_examples)
    return (high - low) / 2


def _verdict(history: Sequence[Mapping[str, float]], gap: float, rising_since: int | None, noise: float) -> Verdict:
    if gap > max(_LARGE_GAP, noise) or (rising_since and gap > noise):
        return "overfitting"
    is_low = history[-1]["accuracy"] < _LOW_ACCURACY
    if _improvement(history) > (_QUICK_IMPROVEMENT if is_low else _IMPROVEMENT):
        return "still improving"
    return "underfitting" if is_low else "well fitted"


def _improvement(history: Sequence[Mapping[str, float]]) -> float:
    """Return the fraction by which the last fifth of the run has lowered the validation loss; 1 after one epoch."""
    losses = [row["validation_loss"] for row in history]
    before = losses[: -max(1, len(losses) // 5)]
    # A loss may be 0, below which nothing can be lowered.
    return (min(before) - losses[-1]) / max(min(before), _TINY) if before else 1.0


def _measured(last: Mapping[str, float], gap: float) -> str:
    # Training images may be augmented and units dropped out, which makes them harder than those of validation.
    than = "above" if gap >= 0 else "below"
    return (
        f"In the last epoch the training accuracy, taken while the weights change, is {percent(last['accuracy'])}, "
        f"{100 * abs(gap):.2f} points {than} the {percent(last['validation_accuracy'])} on images that the model "
        "has not seen."
    )


def _in_short(last: Mapping[str, float]) -> str:
    both = (
        f"{percent(last['accuracy'])} on training images, {percent(last['validation_accuracy'])} on validation images"
    )
    return f"Accuracy in the last epoch: {both}."


def _curve(history: Sequence[Mapping[str, float]], best_epoch: int, rising_since: int | None) -> str:
    best = f"The best epoch is {best_epoch} of {len(history)}"
    if rising_since is None:
        return f"{best}; the validation loss does not rise."
    return f"{best}; the validation loss has risen since epoch {rising_since}."


def _suggestions(verdict: Verdict, config: Config, num_epochs: int) -> Iterator[Suggestion]:
    if verdict == "overfitting":
        yield from _more_images(config.augment)
        yield from suggest(config.model, verdict)
        if config.train.early_stopping is None:
            yield Suggestion("stop early, when validation no longer improves", "train.early_stopping.patience=3")
    elif verdict == "underfitting":
        yield from suggest(config.model, verdict)
        yield from _longer(config.train, num_epochs)
    elif verdict == "at chance":
        optimizer: Any = config.train.optimizer
        yield Suggestion(
            "use a lower learning rate", f"train.optimizer.learning_rate={optimizer.learning_rate / 10:.2g}"
        )
    elif verdict == "still improving":
        yield from _longer(config.train, num_epochs)


def _more_images(augment: AugmentConfig) -> Iterator[Suggestion]:
    if not augment.shift:
        yield Suggestion("augment: shift by up to 2 pixels", "augment.shift=2")
    elif not augment.rotate:
        yield Suggestion("augment: rotate by up to 10 degrees", "augment.rotate=10")


def _longer(train: TrainConfig, num_epochs: int) -> Iterator[Suggestion]:
    if train.early_stopping and num_epochs < train.epochs:
        yield Suggestion(
            "wait longer before stopping early", f"train.early_stopping.patience={2 * train.early_stopping.patience}"
        )
    elif train.epochs < MAX_EPOCHS:
        yield Suggestion("train longer", f"train.epochs={min(2 * train.epochs, MAX_EPOCHS)}")
