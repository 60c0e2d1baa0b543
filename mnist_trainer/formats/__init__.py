"""Formats of model files: one file or folder each, found by its name.

    SUFFIXES                            endings of its files, each with its dot; the first is that of what is written
    open_model(path, num_threads=None)  a context manager that gives a `Predictor`, which computes with so many threads,
                                        or as many as its runtime likes

One whose models are more than one file has one or both of these:

    FOLDER_HOLDS                        the file that tells a folder which is such a model from others
    files_of(path)                      the files that make up a model

A format in which a model can be written besides model.keras has three more:

    QUANTIZATIONS                       the `Quantization`s it knows
    HOW_TO_CALL                         five lines of Python at most, which make `probabilities` of `images`, uint8,
                                        shape (num_examples, 28, 28, 1), with the file `{file}`
    write_model(model, path, writing)   write a Keras model; returns what stayed in floating point though it was to be
                                        quantised, a short name for each

It may have two more:

    Config                              its section of the configuration; of a folder, in config.py: a run can leave its
                                        model in it, of which nothing is quantised
    ALWAYS_QUANTIZES                    the `Quantization` of its files where none is asked for

One that needs packages beyond the base has two more:

    EXTRA                               the extra of pyproject.toml that brings them
    PACKAGES                            the names that they are imported by

Model files come from strangers. What a format opens in this process it makes anew of what it knows to be harmless;
what needs a library of its own to be read is read in a child process (`process_predictor`), for which the format
brings a module with a function `load`.
"""

from __future__ import annotations

from types import ModuleType

from mnist_trainer.files.modules import component_names, found_modules, require_packages


def known_formats() -> dict[str, ModuleType]:
    """Return all formats by name."""
    return found_modules(__name__, "SUFFIXES = ")


def export_names() -> list[str]:
    """Return the names of those in which a model can be written."""
    return component_names(__name__, "def write_model(")


def name_of(model_format: ModuleType) -> str:
    """Return what a format is called."""
    return model_format.__name__.rpartition(".")[2]


def require_format(model_format: ModuleType) -> None:
    """Raise `MissingExtra` unless the packages that a format needs are installed."""
    if hasattr(model_format, "EXTRA"):
        require_packages(f"the format {name_of(model_format)}", model_format.EXTRA, model_format.PACKAGES)
