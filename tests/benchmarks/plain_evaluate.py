"""A model measured as a learner does it in Keras: import, load, evaluate.

Usage: plain_evaluate.py MODEL.keras
"""

from __future__ import annotations

import sys

import keras
import numpy as np

from mnist_trainer.data.load import EMBEDDED


def main(path: str) -> None:
    with np.load(EMBEDDED) as data:
        images, labels = data["x_test"], data["y_test"]
    model = keras.saving.load_model(path)
    print("test loss, accuracy:", model.evaluate(images[..., None], labels, verbose=0))


if __name__ == "__main__":
    main(sys.argv[1])
