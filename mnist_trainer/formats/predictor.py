"""`Predictor`: a model of any format, as everything that uses models sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mnist_trainer.data.dataset import Images, Labels, Probabilities
    from mnist_trainer.formats.pixels import PixelRange


class Predictor(Protocol):
    """From images to probabilities."""

    @property
    def num_classes(self) -> int:
        """How many probabilities there are for each image."""

    @property
    def batch_size(self) -> int:
        """How many images it is best asked for at once."""

    @property
    def num_parameters(self) -> int | None:
        """Its weights, those that are not trained included; None where the format does not tell."""

    @property
    def test_time_shift(self) -> int:
        """Pixels; where above 0, probabilities are means over the image and four shifts of it."""

    @property
    def pixels(self) -> PixelRange:
        """What its model is given as the pixels of an image."""

    @property
    def takes_floats(self) -> bool:
        """Whether its model could be given other numbers, and does not say which it was trained on."""

    @property
    def runtime(self) -> str:
        """Which program computes, its version, and what it says of the hardware that it uses."""

    def in_batches_of(self, batch_size: int) -> Predictor:
        """Return a predictor that gives the model so many images at once."""

    def reading(self, pixels: PixelRange) -> Predictor:
        """Return a predictor that gives the model other pixels.

        Raises:
            ModelError: the model takes no floats.
        """

    def __call__(self, images: Images) -> Probabilities:
        """Return the probabilities of some images.

        Args:
            images: uint8, shape (num_examples, 28, 28, 1); any number of them.

        Returns:
            float32, shape (num_examples, num_classes), rows summing to 1.

        Raises:
            ModelError: the model cannot be run, or its outputs are no probabilities.
        """

    def seconds(self, images: Images, num_runs: int) -> list[float]:
        """Return how long each of `num_runs` answers to the same images takes, timed beside the model itself."""

    def gradient_signs(self, images: Images, labels: Labels) -> Images:
        """Return the sign of the loss's gradient by each pixel: int8, the shape of `images`.

        Raises:
            ModelError: the format knows no gradients, or none reaches the pixels.

        Source: Goodfellow et al. 2015, "Explaining and Harnessing Adversarial Examples", section 4.
        """


def as_predictor(model: Any) -> Predictor:
    """Return `model` if it is a predictor, and one for a Keras model or any other function from images."""
    if hasattr(model, "gradient_signs"):
        predictor: Predictor = model
        return predictor

    from mnist_trainer.formats.keras.predictor import KerasPredictor

    return KerasPredictor(model)
