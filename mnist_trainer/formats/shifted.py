"""`with_shifts`: a predictor that averages over a few places of the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnist_trainer.data.dataset import Images, Labels, Probabilities
from mnist_trainer.formats.pixels import PixelRange
from mnist_trainer.formats.predictor import Predictor


def with_shifts(predictor: Predictor, pixels: int) -> Predictor:
    """Return a predictor of the mean over the image and it moved by `pixels` up, down, left and right; 0 moves none."""
    return _ShiftedPredictor(predictor, pixels) if pixels else predictor


@dataclass(frozen=True)
class _ShiftedPredictor:
    predictor: Predictor
    test_time_shift: int

    @property
    def num_classes(self) -> int:
        return self.predictor.num_classes

    @property
    def batch_size(self) -> int:
        return self.predictor.batch_size

    @property
    def num_parameters(self) -> int | None:
        return self.predictor.num_parameters

    @property
    def pixels(self) -> PixelRange:
        return self.predictor.pixels

    @property
    def takes_floats(self) -> bool:
        return self.predictor.takes_floats

    @property
    def runtime(self) -> str:
        return self.predictor.runtime

    def in_batches_of(self, batch_size: int) -> Predictor:
        return _ShiftedPredictor(self.predictor.in_batches_of(batch_size), self.test_time_shift)

    def reading(self, pixels: PixelRange) -> Predictor:
        return _ShiftedPredictor(self.predictor.reading(pixels), self.test_time_shift)

    def __call__(self, images: Images) -> Probabilities:
        size = self.batch_size
        return np.concatenate([self._mean(images[start : start + size]) for start in range(0, len(images), size)])

    def seconds(self, images: Images, num_runs: int) -> list[float]:
        of_places = [self.predictor.seconds(moved, num_runs) for moved in self._moved(images)]
        return [sum(seconds) for seconds in zip(*of_places, strict=True)]

    def gradient_signs(self, images: Images, labels: Labels) -> Images:
        return self.predictor.gradient_signs(images, labels)

    def _mean(self, images: Images) -> Probabilities:
        mean: Probabilities = np.mean([self.predictor(moved) for moved in self._moved(images)], 0, np.float32)
        return mean

    def _moved(self, images: Images) -> list[Images]:
        pixels = self.test_time_shift
        moves = ((0, 0), (-pixels, 0), (pixels, 0), (0, -pixels), (0, pixels))
        height, width = images.shape[1:3]
        padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)))
        return [padded[:, pixels - y : pixels - y + height, pixels - x : pixels - x + width] for y, x in moves]
