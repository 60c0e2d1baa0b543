"""A model → a LiteRT file of smaller numbers, trained on for them if need be."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from mnist_trainer.compression.fake_quantization import fake_quantised
from mnist_trainer.compression.workshop import Workshop
from mnist_trainer.formats import litert
from mnist_trainer.formats.model_source import ModelSource
from mnist_trainer.formats.writing import Quantization, Writing

# Validation accuracy that numbers may cost before a model is trained on for them.
_MAX_LOST = 0.001


@dataclass(frozen=True)
class QuantisedFile:
    """A file that is written, and measured on the examples that choices are made by.

    Attributes:
        path: where it is.
        numbers: what it is written in.
        num_calibration: training images by which ranges of activations are found.
        work: has the data, and trains.
    """

    path: Path
    numbers: Quantization
    num_calibration: int
    work: Workshop

    def write(self, model: keras.Model) -> tuple[str, ...]:
        """Write it; return what stayed in floating point."""
        dataset = self.work.dataset
        images = np.asarray(dataset.train.spread(self.num_calibration).images)
        writing = Writing(self.numbers, calibration=images, class_names=dataset.class_names)
        return litert.write_model(model, self.path, writing)

    def write_for(self, model: keras.Model) -> tuple[str, ...]:
        """Write what a model has become that was trained on with weights of these numbers."""
        adapt = functools.partial(fake_quantised, num_bits=4 if self.numbers == "int4" else 8)
        return self.write(self.work.fine_tune(model, adapt=adapt))

    def write_better(self, model: keras.Model) -> tuple[str, ...]:
        """Write the model as it is; where that loses too much, train it on, and keep what validation finds better."""
        stayed = self.write(model)
        accuracy = self.accuracy
        if self.work.validate(model) - accuracy <= _MAX_LOST:
            return stayed
        plain = self.path.read_bytes()
        stayed = self.write_for(model)
        if self.accuracy <= accuracy:
            self.path.write_bytes(plain)
        return stayed

    @property
    def accuracy(self) -> float:
        """Of the file in its own runtime, in [0, 1]."""
        with ModelSource(self.path, litert).open() as predictor:
            return self.work.validate(predictor)
