"""Everything a user can ask for, section by section: the one place with types, bounds and defaults.

Keys of a component (`model`, `optimizer`, `schedule`) stand in the component's own file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from mnist_trainer.component import (
    Component,
    Count,
    Epoch,
    FractionBelowOne,
    Section,
    component_list,
    component_union,
    default_section,
    flags,
)
from mnist_trainer.config.search.schema import SearchConfig
from mnist_trainer.files.limits import MAX_TEST_TIME_SHIFT

MODELS = "mnist_trainer.models"
OPTIMIZERS = "mnist_trainer.optimizers"
SCHEDULES = "mnist_trainer.schedules"
FORMATS = "mnist_trainer.formats"
TABS = "mnist_trainer.training.tensorboard.tabs"
NUM_SEEDS = 2**32
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
CONFIG_VERSION: Literal[2] = 2

if TYPE_CHECKING:
    AnyModel = Component
    AnyOptimizer = Component
    AnySchedule = Component
    AnyFormats = tuple[Component, ...]
    TensorBoardConfig = Section
else:
    AnyModel = component_union(MODELS, default="dense")
    AnyOptimizer = component_union(OPTIMIZERS, default="adam")
    AnySchedule = component_union(SCHEDULES, default="constant")
    AnyFormats = component_list(FORMATS, default="litert")
    TensorBoardConfig = flags(TABS, "IS_ON_BY_DEFAULT")


class DataConfig(Section):
    """Where examples come from."""

    path: Annotated[str, Field(min_length=1)] | None = None
    """A .npz file, or a folder of IDX or .npy files; null is the MNIST that comes with the program."""
    validation_fraction: Annotated[float, Field(ge=0, le=0.9)] = 0.1
    """Fraction of the training split that is held out to choose the best epoch: of MNIST the last part."""
    split_seed: Annotated[int, Field(ge=0, lt=NUM_SEEDS)] | None = 0
    """Decides which examples of each class are held out of your own data; null holds out the last ones."""
    folds: Annotated[int, Field(ge=2, le=100)] | None = None
    """Cross-validate: hold out each of so many parts in turn; null holds out one part, of validation_fraction."""
    fold: Count | None = None
    """Train on all parts but this one, from 1; null trains once for each of the folds."""

    @property
    def is_cross_validation(self) -> bool:
        """Whether one model is trained for each fold."""
        return self.folds is not None and self.fold is None

    @model_validator(mode="after")
    def _check_fold_is_one_of_the_folds(self) -> DataConfig:
        if self.fold is not None and self.fold > (self.folds or 0):
            expected = f"must be at most data.folds, {self.folds}" if self.folds else "needs data.folds"
            raise PydanticCustomError("combination", f"{expected}; received {self.fold}", {"key": "fold"})
        return self

    @field_validator("path")
    @classmethod
    def _make_absolute(cls, path: str | None) -> str | None:
        try:
            return None if path is None else str(Path(path).expanduser().absolute())
        except RuntimeError as error:  # ~nobody
            raise PydanticCustomError("combination", "there is no such home directory", {"key": ""}) from error


class AugmentConfig(Section):
    """How each training image is changed, anew in each epoch: every change is drawn evenly from ± its bound."""

    shift: Annotated[float, Field(ge=0, le=14)] = 0.0
    """Pixels that the image moves, down and to the right; whole ones where nothing else is asked for."""
    rotate: Annotated[float, Field(ge=0, le=180)] = 0.0
    """Degrees that it turns about its centre."""
    zoom: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    """Fraction that it grows, its height and its width each."""
    shear: Annotated[float, Field(ge=0, le=60)] = 0.0
    """Degrees that its upright strokes lean."""
    elastic: Annotated[float, Field(ge=0, le=14)] = 0.0
    """Pixels that the knots of a grid of 5×5 move, the image between them like rubber."""
    erase: Annotated[int, Field(ge=0, le=28)] = 0
    """Pixels: the largest side of a square that is set to background."""
    clean_epochs: Annotated[int, Field(ge=0)] = 0
    """The last epochs, which see the images unchanged."""


class EarlyStoppingConfig(Section):
    """When to end training before the last epoch."""

    patience: Count = 3
    """Epochs without improvement before training ends."""
    min_delta: Annotated[float, Field(ge=0, le=1_000)] = 0.0
    """The least change of the monitored metric that counts as an improvement."""


class TrainConfig(Section):
    """How the model is fitted."""

    epochs: Epoch = 10
    """Passes over the training split."""
    batch_size: Count = 128
    """Examples a step."""
    loss: Literal["sparse_categorical_crossentropy"] = "sparse_categorical_crossentropy"
    """Labels are integers, outputs are probabilities."""
    label_smoothing: FractionBelowOne = 0.0
    """Fraction of each target that is spread evenly over all classes."""
    optimizer: AnyOptimizer = Field(default_factory=lambda: default_section(OPTIMIZERS, "adam"))
    """How weights follow gradients."""
    schedule: AnySchedule = Field(default_factory=lambda: default_section(SCHEDULES, "constant"))
    """How the optimiser's learning rate changes from step to step."""
    clip_norm: Annotated[float, Field(ge=1e-6, le=1e6)] | None = None
    """Gradients are shortened to this length, all of them taken as one vector; null leaves them."""
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Keep the running mean of the weights, which decays so much a step, instead of the last; null does not."""
    monitor: Literal["accuracy", "loss"] = "accuracy"
    """The validation metric that chooses the best epoch."""
    early_stopping: EarlyStoppingConfig | None = None
    """When to end training early; null never does."""
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = "auto"
    """Arithmetic of a step; auto takes bfloat16 where the hardware is fast at it."""
    jit_compile: Literal["auto"] | bool = "auto"
    """XLA; auto uses it on a GPU only."""
    steps_per_execution: Literal["auto"] | Count = "auto"
    """Steps for each call into TensorFlow; auto takes a tenth of an epoch, at most 64."""


class EvaluateConfig(Section):
    """How the trained model is measured."""

    test_time_shift: Annotated[int, Field(ge=0, le=MAX_TEST_TIME_SHIFT)] = 0
    """Pixels: average the probabilities of the image and of it moved so far in four directions; 0 does not."""


class ExportConfig(Section):
    """What a run leaves besides model.keras."""

    formats: AnyFormats = Field(default_factory=lambda: (default_section(FORMATS, "litert"),))
    """Formats in which the model is written too: names, or sections with a name and keys."""


class Config(Section):
    """One training run, whole: `train` is a function of this; or, with `search`, where a search starts from."""

    config_version: Literal[2] = CONFIG_VERSION
    """Of the names of keys; the program writes it, so that files of older versions stay readable."""
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None
    """Begins the names of run directories; null takes the file's name."""
    note: Annotated[str, Field(max_length=500)] | None = None
    """What you want to remember of this run; `mnist-train runs` shows it."""
    seed: Annotated[int, Field(ge=0, lt=NUM_SEEDS)] = 0
    """Decides initial weights, order of examples, augmentation and dropout."""
    data: DataConfig = DataConfig()
    """Where examples come from."""
    model: AnyModel = Field(default_factory=lambda: default_section(MODELS, "dense"))
    """The architecture."""
    augment: AugmentConfig = AugmentConfig()
    """How training images are changed."""
    train: TrainConfig = Field(default_factory=TrainConfig)
    """How the model is fitted."""
    evaluate: EvaluateConfig = EvaluateConfig()
    """How the trained model is measured."""
    export: ExportConfig = Field(default_factory=ExportConfig)
    """What is left besides model.keras."""
    tensorboard: TensorBoardConfig = TensorBoardConfig()
    """What TensorBoard shows besides curves."""
    search: SearchConfig | None = None
    """Which keys `mnist-train tune` tries with which values; null is a configuration to train once."""

    @model_validator(mode="after")
    def _check_early_stopping_has_validation(self) -> Config:
        if self.train.early_stopping and self.data.validation_fraction == 0 and not self.data.folds:
            raise PydanticCustomError(
                "combination",
                "needs a validation split, but data.validation_fraction is 0; use 0.1 there, or null here",
                {"key": "train.early_stopping"},
            )
        return self
