"""Which filters and units of a model matter most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Literal, TypeAlias

import keras
import numpy as np
import numpy.typing as npt

from mnist_trainer.compression.narrower import Mask, layers_with_width, width_of
from mnist_trainer.data.dataset import Images
from mnist_trainer.errors import DoesNotApply

By = Literal["norm", "scale", "activation"]
Scores: TypeAlias = npt.NDArray[np.float32]

# Enough for a variance, and quick.
_NUM_EXAMPLES = 1_000


def most_important(
    model: keras.Model, fraction: float | Mapping[str, float], by: By, images: Images
) -> dict[str, Mask]:
    """Return which filters and units stay: of each layer those of the highest scores, and at least one.

    Args:
        model: a chain of layers.
        fraction: how much of each layer's width goes, in (0, 1); or of each layer that is named.
        by: what scores them.
        images: uint8, shape (num_examples, 28, 28, 1), none of the test split.

    Raises:
        DoesNotApply: a named layer is none of those with a width that can change; or nothing would go; or a layer has
            no normalisation behind it to score by.
    """
    layers = {layer.name: layer for layer in layers_with_width(model)}
    fractions = fraction if isinstance(fraction, Mapping) else dict.fromkeys(layers, fraction)
    unknown = sorted(set(fractions) - set(layers))
    if unknown:
        raise DoesNotApply(f"the model has no layer '{unknown[0]}' to make narrower; it has {', '.join(layers)}")
    counts = {name: int(part * width_of(layers[name])) for name, part in fractions.items()}
    if not any(counts.values()):
        raise DoesNotApply(f"the layers {', '.join(fractions)} are too narrow: that fraction of them is not one whole")
    return {name: _without_lowest(_scores(by, model, layers[name], images), count) for name, count in counts.items()}


def _without_lowest(scores: Scores, count: int) -> Mask:
    mask = np.ones(len(scores), np.bool_)
    mask[np.argsort(scores, kind="stable")[:count]] = False
    return mask


def _scores(by: By, model: keras.Model, layer: keras.Layer, images: Images) -> Scores:
    if by == "norm":
        return _norms(layer)
    behind = _applied_to(model, layer)
    return _scales(layer, behind) if by == "scale" else _spreads(model, [layer, *behind][-1], images)


def _norms(layer: keras.Layer) -> Scores:
    """Return the sum of each filter's sizes of weights. Source: Li et al. 2017, "Pruning Filters", section 3.1."""
    kernel = layer.kernel.numpy()
    norms: Scores = np.abs(kernel).sum(axis=tuple(range(kernel.ndim - 1)))
    return norms


def _scales(layer: keras.Layer, behind: Sequence[keras.Layer]) -> Scores:
    """Return the size of each channel's factor. Source: Liu et al. 2017, "Network Slimming", section 3."""
    for normalization in behind:
        if isinstance(normalization, keras.layers.BatchNormalization) and normalization.scale:
            scales: Scores = np.abs(normalization.gamma.numpy())
            return scales
    raise DoesNotApply(f"layer '{layer.name}' has no batch normalisation behind it, by whose scale to choose")


def _spreads(model: keras.Model, layer: keras.Layer, images: Images) -> Scores:
    """Return how much each output varies over images and places: what is constant is as good as a bias."""
    outputs = keras.Model(model.inputs, layer.output).predict(images[:_NUM_EXAMPLES], verbose=0)
    spreads: Scores = outputs.reshape(-1, outputs.shape[-1]).std(axis=0)
    return spreads


def _applied_to(model: keras.Model, layer: keras.Layer) -> list[keras.Layer]:
    """Return the layers behind one, up to that which takes its channels together."""
    behind = model.layers[model.layers.index(layer) + 1 :]

    def keeps_channels(other: keras.Layer) -> bool:
        return bool(other.output.shape[-1] == width_of(layer)) and not hasattr(other, "kernel")

    return list(takewhile(keeps_channels, behind))
