"""Schedules of the learning rate: one file each, found by its name, with a `Config` and a `build`.

    build(config, learning_rate, num_steps, steps_per_epoch) -> LearningRate

`learning_rate` is the optimiser's; `num_steps` counts all steps of the run. All are Keras's own schedules.
"""

from __future__ import annotations

from typing import Any, TypeAlias

# A float or a keras.optimizers.schedules.LearningRateSchedule, which Keras does not give types.
LearningRate: TypeAlias = Any
