"""Average: one model whose weights are the means of several runs'; good where those runs began alike, else not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from mnist_trainer.component import Component
from mnist_trainer.errors import ModelError

if TYPE_CHECKING:
    import keras

    from mnist_trainer.compression.workshop import Workshop
    from mnist_trainer.formats.model_source import ModelSource

# Keys that change nothing of what a layer answers.
_OF_NO_CONSEQUENCE = ("_initializer", "_regularizer", "_constraint", "name", "dtype", "rate", "seed")


class Config(Component):
    """The mean of each weight over several runs of one architecture, the parent's among them.

    Runs that were trained from different first weights have their filters in different orders: the mean of a filter
    for a stroke and of one for a corner is neither, and the accuracy that is shown says so.
    """

    name: Literal["average"] = "average"
    """average: one model whose weights are the means of several runs'."""
    runs: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
    """The other runs, by path or by name; the parent belongs to them, named or not."""


def runs_of(config: Config) -> Sequence[str]:
    """Return the runs that are needed."""
    return config.runs


def apply(config: Config, model: keras.Model, work: Workshop) -> keras.Model:
    """Return the mean of the model and the runs' models; nothing is trained.

    Source: Wortsman et al. 2022, "Model soups", section 2, the uniform soup.

    Raises:
        RunError: there is no such complete run.
        ModelError: a run's model has other layers.
    """
    import numpy as np

    others = [_read(source, model) for source in _others(config, work.parent)]
    of_all = zip(*(each.get_weights() for each in (model, *others)), strict=True)
    model.set_weights([np.mean(weights, axis=0, dtype=np.float64) for weights in of_all])
    return model


def _others(config: Config, parent: ModelSource) -> list[ModelSource]:
    """Return each run's model once, without the parent's."""
    from mnist_trainer.formats.model_source import find_model
    from mnist_trainer.runs.names import LOGS_DIR

    logs_dir = parent.run.path.parent if parent.run else LOGS_DIR
    found = {source.sha256: source for source in (find_model(run, logs_dir) for run in config.runs)}
    others = [source for sha256, source in found.items() if sha256 != parent.sha256]
    if not others:
        raise ModelError(
            f"{', '.join(config.runs)}: no other model than {parent.path}; name other runs to average with"
        )
    return others


def _read(source: ModelSource, like: keras.Model) -> keras.Model:
    from mnist_trainer.formats.keras.read import read_model

    model = read_model(source.path)
    if _architecture(model) != _architecture(like):
        raise ModelError(f"{source.path}: has other layers than the parent; only models of equal layers are averaged")
    return model


def _architecture(model: keras.Model) -> list[Any]:
    """Return what decides what layers answer, but for their weights."""

    def keys(layer: keras.Layer) -> dict[str, Any]:
        return {key: value for key, value in layer.get_config().items() if not key.endswith(_OF_NO_CONSEQUENCE)}

    return [(type(layer).__name__, keys(layer), [tuple(w.shape) for w in layer.weights]) for layer in model.layers]
