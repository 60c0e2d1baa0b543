"""Changed images to train on: a function of (seed, epoch, example), whatever the order."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from mnist_trainer.config.schema import AugmentConfig
from mnist_trainer.data.dataset import IMAGE_PIXELS

GRID_KNOTS = 5
# Rotation, shear, two zooms, two shifts; the side and the place of the erased square; two ways for each knot.
_NUM_AFFINE, _NUM_ERASE = 6, 3
_NUM_ELASTIC = 2 * GRID_KNOTS**2
_MAX_DRAWS = 64
_U32 = np.uint32


@dataclass(frozen=True)
class Augmenter:
    """Changes images as a configuration says.

    Attributes:
        config: the `augment` section.
    """

    config: AugmentConfig

    @property
    def is_active(self) -> bool:
        """Whether there is anything to change."""
        return any(value for key, value in self.config if key != "clean_epochs")

    def __call__(self, images: tf.Tensor, examples: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Return the changed images: uint8, of the same shape.

        Args:
            images: uint8, shape (batch, 28, 28, 1).
            examples: the number of each example in its split: int32, shape (batch,).
            key: what `epoch_key` gives for the seed and the epoch.
        """
        num_elastic = _NUM_ELASTIC if self.config.elastic else 0
        draws = uniform(key, examples, _NUM_AFFINE + _NUM_ERASE + num_elastic)
        changed = images[..., 0]
        if self._bends_images:
            changed = _sample(changed, self._sources(draws))
        elif self.config.shift:
            changed = _shifted(changed, draws[:, 4:_NUM_AFFINE], self.config.shift)
        if self.config.erase:
            changed = self._erased(changed, draws[:, _NUM_AFFINE : _NUM_AFFINE + _NUM_ERASE])
        return changed[..., tf.newaxis]

    @property
    def _bends_images(self) -> bool:
        config = self.config
        return any((config.rotate, config.zoom, config.shear, config.elastic))

    def _sources(self, draws: tf.Tensor) -> tf.Tensor:
        """Return the row and the column that each pixel comes from: float32, shape (batch, 2, 28 · 28)."""
        config = self.config
        affine, knots = 2 * draws[:, :_NUM_AFFINE] - 1, 2 * draws[:, _NUM_AFFINE + _NUM_ERASE :] - 1
        turn, lean = math.radians(config.rotate) * affine[:, 0], tf.tan(math.radians(config.shear) * affine[:, 1])
        cosine, sine = tf.cos(turn), tf.sin(turn)
        ways = tf.stack((cosine, -sine, sine + lean, cosine), 1)
        ways = tf.reshape(ways, (-1, 2, 2)) / (1 + config.zoom * affine[:, 2:4, None])
        middle = (IMAGE_PIXELS - 1) / 2 + config.shift * affine[:, 4:6, None]
        moved = config.elastic * tf.reshape(knots, (tf.shape(knots)[0], 2, knots.shape[1] // 2))
        coefficients = tf.concat((ways, middle, moved), 2)
        return coefficients @ _basis()[: coefficients.shape[2]]

    def _erased(self, images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        side = tf.floor(draws[:, 0, None] * (self.config.erase + 1))
        begin = tf.floor(draws[:, 1:] * (IMAGE_PIXELS + 1 - side))
        pixels = tf.range(IMAGE_PIXELS, dtype=tf.float32)
        row, column = ((pixels >= begin[:, axis, None]) & (pixels < begin[:, axis, None] + side) for axis in range(2))
        return tf.where(row[:, :, None] & column[:, None, :], tf.constant(0, images.dtype), images)


def epoch_key(seed: int, epoch: int) -> np.uint32:
    """Return what makes the draws of `epoch` (from 0) different from those of other epochs and seeds."""
    return np.uint32(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


def uniform(key: tf.Tensor, examples: tf.Tensor, num_draws: int) -> tf.Tensor:
    """Return numbers in [0, 1), each a function of `key`, its example and its column: float32, (batch, num_draws).

    TensorFlow's stateless generators have one seed for a whole tensor; here each row has its own, whichever batch it is
    in.

    Args:
        key: uint32, a scalar.
        examples: int32, shape (batch,).
        num_draws: how many numbers each example gets, at most 64.

    Source: counters hashed by the integer function "lowbias32" of Wellons 2018, "Prospecting for Hash Functions",
    before and after the key is added.
    """
    counters = tf.cast(examples, tf.uint32)[:, None] * _U32(_MAX_DRAWS) + tf.constant(np.arange(num_draws, dtype=_U32))
    mixed = _mix(_mix(counters) + key)
    return tf.cast(tf.bitwise.right_shift(mixed, _U32(8)), tf.float32) * 2.0**-24


def _mix(values: tf.Tensor) -> tf.Tensor:
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1)):
        values = (values ^ tf.bitwise.right_shift(values, _U32(shift))) * _U32(factor)
    return values


def _shifted(images: tf.Tensor, draws: tf.Tensor, bound: float) -> tf.Tensor:
    """Return the images moved by whole pixels, which takes a third of the time of `_sample` and blurs nothing.

    Args:
        images: uint8, shape (batch, 28, 28).
        draws: in [0, 1), shape (batch, 2).
        bound: the largest shift in pixels; whole ones below it are used.
    """
    margin = int(bound)
    side = IMAGE_PIXELS + 2 * margin
    pixels = np.arange(IMAGE_PIXELS, dtype=np.int32)
    places = tf.reshape(tf.pad(images, ((0, 0), (margin, margin), (margin, margin))), (-1,))
    begin = tf.cast(draws * (2 * margin + 1), tf.int32)
    first = (tf.range(tf.shape(images)[0]) * side + begin[:, 0]) * side + begin[:, 1]
    return tf.gather(places, first[:, None, None] + (pixels[:, None] * side + pixels))


def _basis() -> npt.NDArray[np.float32]:
    """Return what a pixel's source is a sum of: its row and column from the centre, 1, and the pull of each knot.

    The shape is (3 + 25, 28 · 28). The weights of the knots sum to 1, and are smooth where they end.
    """
    pixels = np.arange(IMAGE_PIXELS)
    rows, columns = np.meshgrid(pixels - pixels.mean(), pixels - pixels.mean(), indexing="ij")
    near = np.maximum(0, 1 - abs(np.linspace(0, GRID_KNOTS - 1, IMAGE_PIXELS) - np.arange(GRID_KNOTS)[:, None]))
    pull = near**2 * (3 - 2 * near)
    return np.concatenate(
        [np.stack([rows, columns, np.ones_like(rows)]).reshape(3, -1), np.kron(pull, pull)], dtype=np.float32
    )


def _sample(images: tf.Tensor, sources: tf.Tensor) -> tf.Tensor:
    """Return the images read at fractional places, bilinearly, as uint8; outside is background.

    Four neighbouring pixels are one integer of 32 bits, so that each place is one look-up and not four.

    Args:
        images: uint8, shape (batch, 28, 28).
        sources: row and column of each place in pixels: float32, shape (batch, 2, 28 · 28).
    """
    side = IMAGE_PIXELS + 2  # a frame of background: places further out are moved onto it
    padded = tf.pad(tf.cast(images, tf.int32), ((0, 0), (1, 2), (1, 2)))
    pairs = padded[:, :, :-1] + 2**8 * padded[:, :, 1:]
    fours = tf.reshape(pairs[:, :-1] + 2**16 * pairs[:, 1:], (-1,))
    places = tf.clip_by_value(sources + 1, 0, IMAGE_PIXELS + 1)
    corners = tf.floor(places)
    below, right = tf.unstack(places - corners, axis=1)
    first = side**2 * tf.range(tf.shape(images)[0])[:, None]
    found = tf.gather(fours, first + tf.cast(side * corners[:, 0] + corners[:, 1], tf.int32))
    upper_left, upper_right, lower_left, lower_right = tf.unstack(
        tf.cast(tf.bitcast(found, tf.uint8), tf.float32), axis=-1
    )
    upper, lower = upper_left + (upper_right - upper_left) * right, lower_left + (lower_right - lower_left) * right
    return tf.reshape(tf.cast(upper + (lower - upper) * below + 0.5, tf.uint8), tf.shape(images))
