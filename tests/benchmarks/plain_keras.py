"""The networks of dense.yaml and conv.yaml as a learner writes them in Keras: import, load, fit, evaluate.

Usage: plain_keras.py dense|conv EPOCHS
"""

from __future__ import annotations

import sys

import keras
import numpy as np
from keras import layers

from mnist_trainer.data.load import EMBEDDED

NETWORKS = {
    "dense": lambda: [
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ],
    "conv": lambda: [
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ],
}


def main(network: str, epochs: int) -> None:
    with np.load(EMBEDDED) as data:
        images, labels, test_images, test_labels = (data[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    images = images[..., None].astype("float32") / 255
    test_images = test_images[..., None].astype("float32") / 255
    model = keras.Sequential([keras.Input((28, 28, 1)), *NETWORKS[network]()])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, batch_size=128, epochs=epochs, validation_split=0.1, verbose=2)
    print("test loss, accuracy:", model.evaluate(test_images, test_labels, verbose=0))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
