"""Formats of model files: one file or folder each, found by its name.

    SUFFIXES                            endings of its files, each with its dot; the first is that of what is written
    open_model(path)                    a context manager that gives a `Predictor`

A format in which a run can leave its model besides model.keras has two more:

    Config                              its section of the configuration; of a folder, in config.py
    write_model(model, path, config)    write a Keras model

Model files come from strangers. What a format opens in this process it makes anew of what it knows to be harmless;
what needs a library of its own to be read is read in a child process (`process_predictor`), for which the format
brings a module with a function `load`.
"""

from __future__ import annotations

from types import ModuleType

from mnist_trainer.files.modules import found_modules


def known_formats() -> dict[str, ModuleType]:
    """Return all formats by name."""
    return found_modules(__name__, "SUFFIXES = ")


def export_formats() -> dict[str, ModuleType]:
    """Return those that a run can leave its model in, by name."""
    return found_modules(__name__, "class Config(")
