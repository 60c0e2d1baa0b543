"""`Workshop`: what a method of compression works with: data, parent, and training that goes on after being killed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from mnist_trainer.compression.plan import CompressionPlan
from mnist_trainer.config.schema import AugmentConfig, Config
from mnist_trainer.data.dataset import Dataset, Split
from mnist_trainer.evaluation.evaluate import evaluate
from mnist_trainer.formats.model_source import ModelSource
from mnist_trainer.runs.run import Run
from mnist_trainer.schedules import cosine
from mnist_trainer.training.fit import fit_run
from mnist_trainer.training.plan import Origin, make_plan
from mnist_trainer.training.resume import begin_or_resume

Callbacks = Sequence[keras.callbacks.Callback]


@dataclass(frozen=True)
class Workshop:
    """Where one step of a variant is made.

    Attributes:
        parent: the run whose model is compressed.
        dataset: what that was trained on.
        plan: how models are trained on, and the seed.
        run: the step's own folder, which is a run where the step trains.
        callbacks: what shows how far training is.
    """

    parent: ModelSource
    dataset: Dataset
    plan: CompressionPlan
    run: Run
    callbacks: Callbacks = ()

    @property
    def config(self) -> Config:
        """What a model is trained on with: the parent's configuration, with what the plan says."""
        tune, parent = self.plan.fine_tune, self.parent.config
        optimizer = parent.train.optimizer.model_copy(update={"learning_rate": tune.learning_rate})
        changed = {"optimizer": optimizer, "schedule": cosine.Config(), "early_stopping": None}
        train = parent.train.model_copy(update={**changed, "epochs": tune.epochs, "batch_size": tune.batch_size})
        augment = tune.augment
        if isinstance(augment, bool):
            augment = parent.augment if augment else AugmentConfig()
        augment = augment.model_copy(update={"clean_epochs": min(augment.clean_epochs, tune.epochs - 1)})
        return parent.model_copy(update={"train": train, "augment": augment, "seed": self.plan.seed})

    @property
    def num_steps(self) -> int:
        """Updates of the weights in one training."""
        return make_plan(self.config, self.dataset).batches.num_steps * self.plan.fine_tune.epochs

    def fine_tune(
        self,
        model: keras.Model,
        *,
        adapt: Callable[[keras.Model], keras.Model] = lambda model: model,
        callbacks: Callbacks = (),
        first_kept_epoch: int = 1,
    ) -> keras.Model:
        """Return a model that was trained on, the best epoch by validation; killed, it goes on after its last epoch.

        Args:
            model: plain Keras; stays as it is.
            adapt: what is done to the model that is trained before it is compiled, and not to what is returned.
            callbacks: Keras callbacks, called after the run's own.
            first_kept_epoch: from 1; none before it can be the best.

        Raises:
            RunError: the folder cannot be written, or another process holds it.
            TrainingDiverged: the loss is no longer a finite number.
            Interrupted: SIGINT or SIGTERM came.
        """
        return self.train(self.config, Origin(lambda: copy_in_policy(model), adapt, first_kept_epoch), callbacks)

    def train(self, config: Config, origin: Origin, callbacks: Callbacks = ()) -> keras.Model:
        """Return what a configuration of another kind makes of `origin`; all else is as in `fine_tune`."""
        resumption = begin_or_resume(self.run, config)
        plan = make_plan(config, self.dataset, resumption.precision if resumption else None, origin=origin)
        with fit_run(plan, self.run, callbacks=[*callbacks, *self.callbacks], resumption=resumption) as fitted:
            return fitted.model

    @property
    def validation(self) -> Split:
        """The examples that choices are made by."""
        return choosing_examples(self.dataset)

    def validate(self, model: Any) -> float:
        """Return the accuracy on the examples that choices are made by, in [0, 1]."""
        return evaluate(model, self.validation).accuracy


def choosing_examples(dataset: Dataset) -> Split:
    """Return the examples that choices are made by: those held out, or else the first tenth of the training split."""
    return dataset.validation or dataset.train.part(np.arange(dataset.train.num_examples // 10))


def copy_in_policy(model: keras.Model) -> keras.Model:
    """Return a copy of a model with its weights, in the present dtype policy but for its outputs."""
    policy = keras.config.dtype_policy()

    def copied(layer: keras.Layer) -> keras.Layer:
        values = layer.get_config()
        is_output = any(output is layer.output for output in model.outputs)
        return type(layer).from_config(values if is_output else {**values, "dtype": policy.name})

    copy = keras.models.clone_model(model, clone_function=copied)
    copy.set_weights(model.get_weights())
    return copy
