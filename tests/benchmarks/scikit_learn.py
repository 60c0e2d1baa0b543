"""The classical baseline: scikit-learn's `HistGradientBoostingClassifier` with its defaults, on raw pixels."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from mnist_trainer.data.load import EMBEDDED
from tests.benchmarks.curve import Curve


def main() -> None:
    curve = Curve()
    with np.load(EMBEDDED) as data:
        images, labels, test_images, test_labels = (data[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    model = HistGradientBoostingClassifier(random_state=0)
    model.fit(images.reshape(-1, 784), labels)
    curve.add(lambda: model.score(test_images.reshape(-1, 784), test_labels))
    curve.print()


if __name__ == "__main__":
    main()
