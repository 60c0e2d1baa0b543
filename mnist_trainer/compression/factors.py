"""Layers of large kernels → chains of layers of smaller ones."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from mnist_trainer.compression.decomposition import energies, truncated_svd, tucker_2, unfolded
from mnist_trainer.compression.sequence import Part, as_part, built, layers_in_order
from mnist_trainer.errors import DoesNotApply

_WHAT = "no dense or convolutional layer becomes smaller"


def factorised(model: keras.Model, *, energy: float | None = None, parameters: float | None = None) -> keras.Model:
    """Return a model in which layers are chains of smaller ones, each wherever that has fewer parameters.

    One of the two is given; with `parameters` all layers keep the same energy, the largest that is small enough.

    Args:
        model: its layers are called one after another.
        energy: the fraction of the squared singular values that each chain keeps, in (0, 1].
        parameters: the fraction of the model's parameters that it has at most.

    Raises:
        DoesNotApply: no layer becomes smaller; or the model cannot be so small.
    """
    factors = [_FACTORS.get(type(layer), _Whole)(layer) for layer in layers_in_order(model)]
    if energy is None:
        energy = _largest_energy(factors, (parameters or 1) * model.count_params())
    if not any(factor.is_smaller(energy) for factor in factors):
        raise DoesNotApply(f"{_WHAT} at this rank")
    return built(model, [part for factor in factors for part in factor.parts(energy)])


def _largest_energy(factors: Sequence[_Whole], num_parameters: float) -> float:
    """Return the largest energy with which a model has no more than so many parameters."""
    known = np.unique(np.concatenate([[0.0], *(spectrum for factor in factors for spectrum in factor.spectra)]))
    place = bisect.bisect_right(
        known, num_parameters, key=lambda energy: sum(factor.size(energy) for factor in factors)
    )
    if place == 0:
        least = sum(factor.size(0) for factor in factors)
        message = f"of rank 1, the model still has {least:,} parameters; at most {num_parameters:,.0f} were asked for"
        raise DoesNotApply(message)
    return float(known[place - 1])


class _Whole:
    """A layer that stays as it is."""

    # Of each matrix that is cut, the fractions of its energy that ranks 1, 2, … keep.
    spectra: Sequence[Any] = ()

    def __init__(self, layer: keras.Layer) -> None:
        self._layer = layer

    def is_smaller(self, energy: float) -> bool:
        """Return whether the chain has fewer parameters than the layer."""
        return bool(self.spectra) and self._chain_size(self._ranks(energy)) < self._layer.count_params()

    def size(self, energy: float) -> int:
        """Return the parameters of what `parts` makes."""
        num_parameters: int = self._layer.count_params()
        return self._chain_size(self._ranks(energy)) if self.is_smaller(energy) else num_parameters

    def parts(self, energy: float) -> list[Part]:
        """Return the chain, or the layer where that is no larger."""
        return self._chain(self._ranks(energy)) if self.is_smaller(energy) else [as_part(self._layer)]

    def _ranks(self, energy: float) -> list[int]:
        """Return for each matrix the smallest rank that keeps so much energy."""
        return [min(int(np.searchsorted(known, energy)) + 1, len(known)) for known in self.spectra]

    def _chain_size(self, _ranks: Sequence[int]) -> int:
        num_parameters: int = self._layer.count_params()
        return num_parameters

    def _chain(self, _ranks: Sequence[int]) -> list[Part]:
        return [as_part(self._layer)]


class _Dense(_Whole):
    """A dense layer as two, the first without an activation."""

    def __init__(self, layer: keras.Layer) -> None:
        super().__init__(layer)
        self._kernel, *self._bias = layer.get_weights()
        self.spectra = (energies(self._kernel),)

    def _chain_size(self, ranks: Sequence[int]) -> int:
        return int(ranks[0] * sum(self._kernel.shape) + sum(bias.size for bias in self._bias))

    def _chain(self, ranks: Sequence[int]) -> list[Part]:
        left, right = truncated_svd(self._kernel, *ranks)
        first = keras.layers.Dense(*ranks, use_bias=False, name=f"{self._layer.name}_rank")
        return [Part(first, [left]), Part(as_part(self._layer).layer, [right, *self._bias])]


class _Conv2D(_Whole):
    """A convolution as one of fewer channels, between two of 1×1 pixels; what would leave all channels is absent."""

    def __init__(self, layer: keras.Layer) -> None:
        super().__init__(layer)
        self._kernel, *self._bias = layer.get_weights()
        # A part of the channels for each group: no longer one matrix of all channels.
        self.spectra = tuple(energies(unfolded(self._kernel, axis)) for axis in (2, 3)) if layer.groups == 1 else ()

    def _chain_size(self, ranks: Sequence[int]) -> int:
        height, width, *channels = self._kernel.shape
        matrices = sum(all_of * rank for all_of, rank in zip(channels, ranks, strict=True) if rank < all_of)
        return int(height * width * math.prod(ranks) + matrices + sum(bias.size for bias in self._bias))

    def _chain(self, ranks: Sequence[int]) -> list[Part]:
        input_rank, output_rank = ranks
        first, core, last = self._matrices(input_rank, output_rank)
        is_linear = {"use_bias": False, "activation": None, "name": f"{self._layer.name}_core"}
        changed = {} if last is None else {**is_linear, "filters": output_rank}
        chain = [Part(as_part(self._layer, **changed).layer, [core, *(self._bias if last is None else [])])]
        if first is not None:
            reducing = keras.layers.Conv2D(input_rank, 1, use_bias=False, name=f"{self._layer.name}_in")
            chain.insert(0, Part(reducing, [first[None, None]]))
        if last is not None:
            changed = {"kernel_size": 1, "strides": 1, "dilation_rate": 1}
            chain.append(Part(as_part(self._layer, **changed).layer, [last[None, None], *self._bias]))
        return chain

    def _matrices(self, input_rank: int, output_rank: int) -> tuple[Any, Any, Any]:
        """Return the three of `tucker_2`; one of all channels is None, and multiplied with the kernel."""
        first: Any
        last: Any
        first, core, last = tucker_2(self._kernel, input_rank, output_rank)
        num_inputs, num_outputs = self._kernel.shape[2:]
        if input_rank == num_inputs:
            first, core = None, np.einsum("ir,hwrs->hwis", first, core)
        if output_rank == num_outputs:
            last, core = None, np.einsum("hwrs,so->hwro", core, last)
        return first, core, last


_FACTORS = {keras.layers.Dense: _Dense, keras.layers.Conv2D: _Conv2D}
