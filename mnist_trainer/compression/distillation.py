"""A student's loss against what its teachers answer to the images that it sees, besides that against the labels.

Source: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", section 2. Theirs is the
cross-entropy; this is the Kullback-Leibler divergence, whose gradients are the same and which is 0 where answers agree.
`keras.distillation.Distiller` makes its teacher a part of the model: a checkpoint would hold both.

A teacher trained with smoothed labels teaches little (Müller, Kornblith and Hinton 2019, "When Does Label Smoothing
Help?"). Of student.yaml, 9 epochs, validation: alone 98.9 %; by good.yaml without smoothing, at temperature 4, 99.0 %;
by good.yaml as it is 98.5 %, at temperature 1 98.9 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from mnist_trainer.compression.workshop import Workshop, copy_in_policy
from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.predictions import load_predictions
from mnist_trainer.formats.keras.read import read_model
from mnist_trainer.formats.model_source import find_model
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.runs.run import Run


def teachers_of(references: Sequence[str], work: Workshop) -> tuple[keras.Model, ...]:
    """Return the models of runs, which are named by paths or stand beside the parent; without names, the parent's.

    Raises:
        RunError: there is no such run, or it is not complete, or it was trained on other data or for other classes.
        ModelError: a model cannot be opened.
    """
    beside = work.parent.path.parent.parent
    sources = [find_model(reference, beside) for reference in references] or [work.parent]
    for source in sources:
        if source.run is None:
            raise RunError(f"{source.path}: is a file; teachers are runs, which say what they have learned")
        _check_teacher(source.run, work)
    return tuple(read_model(source.path) for source in sources)


def _check_teacher(run: Run, work: Workshop) -> None:
    classes, expected = TrainReport.read(run).class_names, work.dataset.class_names
    if classes != expected:
        raise RunError(f"{run.path}: cannot teach: its classes are {_listed(classes)}; expected {_listed(expected)}")
    if load_predictions(run).data_sha256 != work.dataset.test.sha256:
        raise RunError(f"{run.path}: cannot teach: it belongs to other data than {work.dataset.source}")


def _listed(names: Sequence[str]) -> str:
    return f"{len(names)}, {names[0]} … {names[-1]}"


def taught(model: keras.Model, *, teachers: Sequence[keras.Model], temperature: float, alpha: float) -> keras.Model:
    """Return a model of the same layers that learns from teachers while it is trained, and is measured by labels.

    Args:
        model: not compiled.
        teachers: from the same images to probabilities; the mean of several is learned.
        temperature: by which logits are divided, the teachers' and the student's.
        alpha: the share of the loss against the labels.
    """
    copies = [copy_in_policy(teacher) for teacher in teachers]

    def loss_of_answers(images: Any, probabilities: Any) -> Any:
        """Return how far a student's answers are from the teachers'."""
        answers = [ops.cast(teacher(images, training=False), "float32") for teacher in copies]
        return divergence(sum(answers) / len(answers), probabilities, temperature)

    return _Student(model, loss_of_answers, alpha)


class _Student(keras.Model):
    """A model with the inputs, outputs and variables of another; its teachers stay in a closure, unseen by Keras."""

    def __init__(self, model: keras.Model, loss_of_answers: Any, alpha: float) -> None:
        (images,), (probabilities,) = model.inputs, model.outputs
        super().__init__(inputs=images, outputs=probabilities, name=model.name)
        self._loss_of_answers, self._alpha = loss_of_answers, alpha

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, *, training: bool = True
    ) -> Any:
        """Return the loss of a batch: as compiled, where nothing is trained."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training=training)
        if not training:
            return loss
        return self._alpha * loss + (1 - self._alpha) * self._loss_of_answers(x, y_pred)


def divergence(teacher: Any, student: Any, temperature: float) -> Any:
    """Return temperature² · KL(teacher ‖ student), the mean over a batch; both softened by the temperature.

    The square keeps gradients as large as those against labels, whatever the temperature.

    Args:
        teacher: probabilities, float32, shape (batch, num_classes); their logarithms are logits but for a constant.
        student: of the same shape.
        temperature: by which logits are divided.
    """
    softened, answered = (_log_probabilities(values, temperature) for values in (teacher, student))
    return temperature**2 * ops.mean(ops.sum(ops.exp(softened) * (softened - answered), axis=-1))


def _log_probabilities(probabilities: Any, temperature: float) -> Any:
    logits = ops.log(ops.maximum(probabilities, keras.config.epsilon()))
    return ops.log_softmax(logits / temperature)
