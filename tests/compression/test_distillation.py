"""The loss against a teacher's answers, by hand."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from mnist_trainer.compression.distillation import divergence, taught
from mnist_trainer.compression.workshop import copy_in_policy
from mnist_trainer.training.execution import dtype_policy


def probabilities(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_equal_answers_cost_nothing() -> None:
    answers = probabilities([0.7, 0.2, 0.1], [0.0, 1.0, 0.0])
    assert float(divergence(answers, answers, 3.0)) == pytest.approx(0, abs=1e-6)


def test_at_temperature_1_it_is_the_divergence_of_the_probabilities() -> None:
    expected = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert float(divergence(probabilities([0.75, 0.25]), probabilities([0.5, 0.5]), 1.0)) == pytest.approx(expected)


def test_temperature_divides_logits_and_its_square_multiplies_the_loss() -> None:
    # Odds of 9 : 1 are those of 3 : 1 at a temperature of 2.
    expected = 4 * (0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5))
    assert float(divergence(probabilities([0.9, 0.1]), probabilities([0.5, 0.5]), 2.0)) == pytest.approx(expected)


def always(answer: list[float]) -> keras.Model:
    """Return a model that gives one answer to all images."""
    model = keras.Sequential(
        [keras.Input((28, 28, 1), dtype="uint8"), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    )
    model.set_weights([np.zeros((784, 2), np.float32), np.log(np.array(answer, np.float32))])
    return model


IMAGES, LABELS = np.zeros((4, 28, 28, 1), np.uint8), np.zeros(4, np.int32)


def compiled(alpha: float, *teachers: keras.Model) -> keras.Model:
    model = taught(always([0.5, 0.5]), teachers=teachers, temperature=1.0, alpha=alpha)
    model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
    return model


def test_training_adds_both_losses_by_their_shares_and_learns_the_mean_of_teachers() -> None:
    model = compiled(0.25, always([0.9, 0.1]), always([0.6, 0.4]))
    of_teachers = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    history = model.fit(IMAGES, LABELS, epochs=1, verbose=0)
    assert history.history["loss"] == [pytest.approx(0.25 * math.log(2) + 0.75 * of_teachers)]
    # The gradient of logits is p − target, whose mean target is 0.25 · (1, 0) + 0.75 · (0.75, 0.25).
    np.testing.assert_allclose(model.get_weights()[1] - np.log(0.5), [0.3125, -0.3125], atol=1e-6)


def test_a_student_in_bfloat16_learns_in_several_steps_a_call() -> None:
    student, teacher = always([0.5, 0.5]), always([0.9, 0.1])
    with dtype_policy("mixed_bfloat16"):
        model = taught(copy_in_policy(student), teachers=[teacher], temperature=1.0, alpha=0.0)
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy", steps_per_execution=2)
    model.fit(IMAGES, LABELS, batch_size=1, epochs=20, verbose=0)
    assert [layer.compute_dtype for layer in model.layers[1:]] == ["bfloat16", "float32"]
    np.testing.assert_allclose(model(IMAGES[:1])[0], [0.9, 0.1], atol=1e-3)


def test_measuring_has_the_loss_against_labels_alone() -> None:
    model = compiled(0.25, always([0.9, 0.1]))
    assert model.evaluate(IMAGES, LABELS, verbose=0) == pytest.approx(math.log(2))


def test_teachers_are_no_part_of_the_model() -> None:
    assert len(compiled(0.5, always([0.9, 0.1])).variables) == len(always([0.5, 0.5]).variables)
