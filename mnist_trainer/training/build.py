"""Configuration → the model that is trained, and the plain model that is kept."""

from __future__ import annotations

from typing import Any

import keras
import numpy.typing as npt

from mnist_trainer.config.component import component_module
from mnist_trainer.config.schema import OPTIMIZERS, SCHEDULES, Config, TrainConfig
from mnist_trainer.models import build_model
from mnist_trainer.training.execution import Execution, dtype_policy


def build_training_model(config: Config, num_classes: int, num_steps: int, execution: Execution) -> keras.Model:
    """Return the compiled model, its layers in the chosen precision.

    Args:
        config: the whole configuration.
        num_classes: outputs of the model.
        num_steps: steps in an epoch.
        execution: how steps are executed.
    """
    with dtype_policy(execution.precision):
        model = build_model(config.model, num_classes)
    optimizer = build_optimizer(config.train, num_steps)
    # Without this Keras makes the optimiser's variables inside the first step, and traces the step twice.
    optimizer.build(model.trainable_variables)
    model.compile(
        optimizer,
        loss=config.train.loss,
        metrics=["accuracy"],
        jit_compile=execution.jit_compile,
        steps_per_execution=execution.steps_per_execution,
    )
    return model


def build_final_model(config: Config, num_classes: int, num_steps: int, weights: list[npt.NDArray[Any]]) -> keras.Model:
    """Return the model that the user gets: float32 whatever it was trained in, compiled, with the given weights."""
    with dtype_policy("float32"):
        model = build_model(config.model, num_classes)
    model.set_weights(weights)
    optimizer = build_optimizer(config.train, num_steps)
    # Keras warns when it loads a compiled model whose optimiser was saved without variables.
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, loss=config.train.loss, metrics=["accuracy"])
    return model


def build_optimizer(config: TrainConfig, num_steps: int) -> keras.optimizers.Optimizer:
    """Return the optimiser, its learning rate following the schedule over the whole run.

    Args:
        config: the `train` section.
        num_steps: steps in an epoch.
    """
    optimizer: Any = config.optimizer
    schedule = component_module(SCHEDULES, config.schedule.name)
    learning_rate = schedule.build(config.schedule, optimizer.learning_rate, config.epochs * num_steps, num_steps)
    return component_module(OPTIMIZERS, optimizer.name).build(optimizer, learning_rate)
