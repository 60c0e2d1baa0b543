"""`CompressionPlan`: what `mnist-train compress` makes of a model; read from YAML like a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from mnist_trainer.component import Component, Count, Epoch, Section, StepLength, component_list
from mnist_trainer.config.load import load_section
from mnist_trainer.config.schema import AugmentConfig
from mnist_trainer.files.modules import component_module

METHODS = "mnist_trainer.compression.methods"
STANDARD_PLAN = "compress_all"

if TYPE_CHECKING:
    AnySteps = tuple[Component, ...]
else:
    AnySteps = component_list(METHODS, default="prune")

VariantName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class FineTuneConfig(Section):
    """How a model is trained on when a step has changed it; all else is as its parent was trained."""

    epochs: Epoch = 3
    """Passes over the training split, for each step that trains."""
    learning_rate: StepLength = 1e-3
    """The first step's length; it falls to 0 along a half cosine."""
    batch_size: Count = 128
    """Examples a step."""
    augment: bool | AugmentConfig = True
    """Change training images as the parent's configuration does; or as a section of its own says."""


class VariantConfig(Section):
    """One compressed model."""

    steps: Annotated[AnySteps, Field(min_length=1, max_length=10)]
    """What is done, one after another: names of methods, or sections with a name and keys."""
    fine_tune: FineTuneConfig | None = None
    """How this model is trained on; without it, as the plan says."""

    @model_validator(mode="after")
    def _check_files_come_last(self) -> VariantConfig:
        for step in self.steps[:-1]:
            if writes_file(step):
                message = f"{step.name} makes a file, which no other step can change; it must be the last"
                raise PydanticCustomError("combination", "{message}", {"message": message, "key": "steps"})
        return self


class CompressionPlan(Section):
    """Which compressed variants are made of a model."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Decides all that is drawn."""
    fine_tune: FineTuneConfig = FineTuneConfig()
    """How a model is trained on when a step has changed it."""
    variants: Annotated[dict[VariantName, VariantConfig], Field(min_length=1, max_length=100)]
    """The compressed models, each with a name of your own, and its steps."""

    def of(self, name: str) -> CompressionPlan:
        """Return the plan with what a variant says of its training."""
        return self.model_copy(update={"fine_tune": self.variants[name].fine_tune or self.fine_tune})


def writes_file(step: Component) -> bool:
    """Return whether the result of a step is a file, and no Keras model."""
    return hasattr(component_module(METHODS, step.name), "write")


def load_plan(reference: str | Path = STANDARD_PLAN, overrides: Sequence[str] = ()) -> CompressionPlan:
    """Return the plan in a YAML file, with overrides put on top.

    Args:
        reference: the file, or the bare name of a shipped plan.
        overrides: `key.path=value`, as after `--set`.

    Raises:
        ConfigError: with all faults.
    """
    return load_section(CompressionPlan, reference, overrides)
