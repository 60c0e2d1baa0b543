"""The network and settings of keras.io's `mnist_convnet` (Chollet 2015), written anew from its description.

Two convolutions of 32 and 64 filters, each with a pool; dropout; one dense layer; adam, batches of 128, 15 epochs, a
tenth held out. Usage: keras_io.py [EPOCHS]
"""

from __future__ import annotations

import sys

import keras
import numpy as np

from mnist_trainer.data.load import EMBEDDED
from tests.benchmarks.curve import Curve
from tests.benchmarks.plain_keras import NETWORKS


def main(epochs: int = 15) -> None:
    curve = Curve()
    with np.load(EMBEDDED) as data:
        images, labels, test_images, test_labels = (data[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    images, test_images = (np.expand_dims(array.astype("float32") / 255, -1) for array in (images, test_images))
    labels, test_targets = (keras.utils.to_categorical(array, 10) for array in (labels, test_labels))
    model = keras.Sequential([keras.Input((28, 28, 1)), *NETWORKS["conv"]()])
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

    def measure() -> float:
        """Return the test accuracy."""
        return float((model.predict(test_images, batch_size=1000, verbose=0).argmax(1) == test_labels).mean())

    after_epoch = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: curve.add(measure))
    model.fit(images, labels, batch_size=128, epochs=epochs, validation_split=0.1, verbose=2, callbacks=[after_epoch])
    model.evaluate(test_images, test_targets, verbose=0)
    curve.print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
