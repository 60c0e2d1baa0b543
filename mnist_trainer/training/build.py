"""A plan → the model that is trained, and the plain model that is kept."""

from __future__ import annotations

from typing import Any

import keras

from mnist_trainer.config.schema import OPTIMIZERS, SCHEDULES, TrainConfig
from mnist_trainer.files.modules import component_module
from mnist_trainer.training.callbacks import warm_up_averages
from mnist_trainer.training.execution import dtype_policy
from mnist_trainer.training.loss import build_loss
from mnist_trainer.training.normalization import with_fused_normalization
from mnist_trainer.training.plan import Plan


def build_training_model(plan: Plan) -> keras.Model:
    """Return the compiled model, its layers in the plan's precision."""
    config, num_classes, execution = plan.config, plan.dataset.num_classes, plan.execution
    with dtype_policy(execution.precision):
        model = plan.origin.adapt(with_fused_normalization(plan.origin.make_model()))
    optimizer = build_optimizer(config.train, plan.batches.num_steps)
    if config.train.ema_decay:
        warm_up_averages(optimizer, config.train.ema_decay)
    model.compile(
        optimizer,
        loss=build_loss(config.train, num_classes),
        metrics=["accuracy"],
        jit_compile=execution.jit_compile,
        steps_per_execution=execution.steps_per_execution,
    )
    # Without this Keras makes the optimiser's variables inside the first step, and traces the step twice. With
    # mixed_float16 it is another one, around that which was given.
    model.optimizer.build(model.trainable_variables)
    return model


def build_plain_model(plan: Plan) -> keras.Model:
    """Return the model that the user gets: nothing but Keras's layers and loss, float32 whatever it was trained in.

    Its weights are those of the training model, in the same order.
    """
    config = plan.config
    with dtype_policy("float32"):
        model = plan.origin.make_model()
    # Keras's `evaluate` needs a compiled model. Keras warns where an optimiser was saved without its moments, and with
    # them the file is three times as large: one that has none stands in its place.
    optimizer = keras.optimizers.SGD()
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
    built = component_module(OPTIMIZERS, optimizer.name).build(optimizer, learning_rate)
    built.global_clipnorm = config.clip_norm
    if config.ema_decay is not None:
        built.use_ema, built.ema_momentum = True, config.ema_decay
    return built
