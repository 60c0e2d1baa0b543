"""What is printed of a model's layers."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from mnist_trainer.backend import import_backend
from mnist_trainer.cli.show.console import make_console, print_table
from mnist_trainer.config.schema import Config
from mnist_trainer.evaluation.layers import Layer, layers_of
from mnist_trainer.models import build_model

_NUM_CLASSES = 10


def show_model(config: Config) -> None:
    """Print the layers of the model that a configuration describes."""
    import_backend()
    show_layers(make_console(), layers_of(build_model(config.model, _NUM_CLASSES)))


def show_layers(console: Console, layers: Sequence[Layer]) -> None:
    """Print a table of layers, and what they come to."""
    rows = [_cells(layer) for layer in layers]
    sums = (sum(layer.num_parameters for layer in layers), sum(layer.multiply_adds for layer in layers))
    columns = ("layer", "output", "parameters", "multiply-adds")
    print_table(console, columns, [*rows, ["sum", "", *(f"{number:,}" for number in sums)]])


def _cells(layer: Layer) -> list[str]:
    shape = "×".join(map(str, layer.output_shape))
    return [layer.kind, shape, f"{layer.num_parameters:,}", f"{layer.multiply_adds:,}"]
