from __future__ import annotations

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.evaluation.layers import Layer, layers_of
from mnist_trainer.models import build_model


def test_convolution_is_counted_by_hand() -> None:
    model = build_model(load_config("conv").model, 10)
    layers = layers_of(model)
    # 3×3 windows fit 26×26 times; each gives 32 sums of 9 products.
    assert layers[1] == Layer(model.layers[1].name, "Conv2D", (26, 26, 32), 9 * 32 + 32, 26 * 26 * 32 * 9)
    assert [layer.kind for layer in layers[:3]] == ["Rescaling", "Conv2D", "MaxPooling2D"]


@pytest.mark.parametrize("name", ["accurate", "conv", "dense", "tiny"])
def test_parameters_come_to_those_of_the_model(name: str) -> None:
    model = build_model(load_config(name).model, 10)
    assert sum(layer.num_parameters for layer in layers_of(model)) == model.count_params()
