"""Methods of compression: one file each, found by its name, with a `Config` and an `apply`.

    apply(config, model, work) -> keras.Model

`model` is plain Keras, float32: from uint8 images, shape (batch, 28, 28, 1), to probabilities, shape
(batch, num_classes). What is returned is of the same kind, made of Keras's own layers alone; `model` itself may be
changed. `work` is a `Workshop`: it has the data, the seed and the parent, and trains.

A method whose result is a file, and no Keras model, has `write` instead, and is the last step of a variant:

    write(config, model, path, work) -> tuple[str, ...]   what stayed in floating point

One that needs other runs has one more, so that those are found before anything is made:

    runs_of(config) -> Sequence[str]                       by path, or by name beside the parent

A method raises `DoesNotApply`, with a sentence, where a model has no layers that it could change.
"""

from __future__ import annotations
