"""Distillation: a small model of another architecture learns what a large one answers, besides the labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SerializationInfo, field_serializer, model_validator
from pydantic_core import PydanticCustomError

from mnist_trainer.component import Component, Epoch, FractionBelowOne, StepLength
from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import AnyModel
from mnist_trainer.config.schema import Config as TrainingConfig
from mnist_trainer.config.shipped import STANDARD_INPUT
from mnist_trainer.errors import ConfigError

if TYPE_CHECKING:
    import keras

    from mnist_trainer.compression.workshop import Workshop


class Config(Component):
    """A student that learns its teachers' probabilities, each image changed for both alike."""

    name: Literal["distill"] = "distill"
    """distill: another, smaller model learns what this one answers."""
    student: str | AnyModel = "student"
    """A configuration, by its file or its shipped name; or a section as `model`, trained as the parent was."""
    overrides: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    """Changes of that configuration, as after --set."""
    teachers: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    """Runs, by path or by name beside the parent; [] is the parent itself. Smoothed labels make poor teachers."""
    temperature: Annotated[float, Field(ge=0.1, le=100)] = 4.0
    """By which logits are divided in the comparison of answers: above 1, classes of small probability count more."""
    alpha: FractionBelowOne = 0.1
    """Share of the loss against the labels; the rest is against the teachers' answers."""
    epochs: Epoch | None = None
    """Passes over the training split; null is what the student's configuration says."""
    learning_rate: StepLength | None = None
    """The optimiser's; null is what the student's configuration says."""

    @model_validator(mode="after")
    def _check_file_can_be_trained(self) -> Config:
        if isinstance(self.student, str):
            _load_student(self.student, self.overrides)
        elif self.overrides:
            raise _fault("are for a student that is a file; write the section as it is to be", "overrides")
        return self

    @field_serializer("student")
    def _with_what_its_file_says(self, student: str | Component, info: SerializationInfo) -> Any:
        """Return what plan.yaml says of the student: a variant is another one where the file has changed."""
        if isinstance(student, str):
            loaded = _load_student(student, self.overrides)
            return loaded.model_dump(mode=info.mode, include={"model", "augment", "train"})
        return student.model_dump(mode=info.mode)


def _load_student(reference: str, overrides: Sequence[str]) -> TrainingConfig:
    if reference == STANDARD_INPUT:
        raise _fault("is standard input, which is read once; expected the name of a configuration")
    try:
        config = load_config(reference, overrides)
    except ConfigError as error:
        raise _fault(str(error)) from error
    if config.search:
        raise _fault(f"{reference} is a search; expected a configuration that is trained once")
    return config


def _fault(message: str, key: str = "student") -> PydanticCustomError:
    return PydanticCustomError("combination", "{message}", {"message": message, "key": key})


def runs_of(config: Config) -> Sequence[str]:
    """Return the runs that are needed."""
    return config.teachers


def apply(config: Config, _model: keras.Model, work: Workshop) -> keras.Model:
    """Return the student, trained; it takes the place of any model."""
    import functools

    from mnist_trainer.compression.distillation import taught, teachers_of
    from mnist_trainer.models import build_model
    from mnist_trainer.training.plan import Origin

    training = training_config(config, work.parent.config, work.plan.seed)
    untrained = functools.partial(build_model, training.model, work.dataset.num_classes)
    teachers = teachers_of(config.teachers, work)
    adapt = functools.partial(taught, teachers=teachers, temperature=config.temperature, alpha=config.alpha)
    return work.train(training, Origin(untrained, adapt))


def training_config(config: Config, parent: TrainingConfig, seed: int) -> TrainingConfig:
    """Return how the student is trained: on the parent's data, and as its own configuration says, or the parent's."""
    student = config.student
    if isinstance(student, str):
        own = load_config(student, config.overrides)
    else:
        own = parent.model_copy(update={"model": student})
    train, optimizer = own.train, own.train.optimizer
    if config.learning_rate is not None:
        optimizer = optimizer.model_copy(update={"learning_rate": config.learning_rate})
    changed = {"optimizer": optimizer, "epochs": config.epochs or train.epochs, "early_stopping": None}
    return own.model_copy(
        update={
            "train": train.model_copy(update=changed),
            "data": parent.data,
            "evaluate": parent.evaluate,
            "seed": seed,
        }
    )
