"""Files of older versions of the program: their keys under the names that these have now."""

from __future__ import annotations

from mnist_trainer.config.schema import CONFIG_VERSION
from mnist_trainer.config.yaml_source import Source

_VERSION = "config_version"
_SECTIONS_OF_RUNS = {"name", "seed", "data", "model", "augment", "train", "evaluate", "export", "tensorboard"}


def upgrade(source: Source) -> None:
    """Rename in `source` what has another name since; a file that does not say its version may have any names.

    Version 2 has `export.formats: [litert]` where version 1 had `export.litert: true`. A run of version 1, whose file
    has all sections, has held out the last part of any data.
    """
    version, data = source.values.get(_VERSION), source.values.get("data")
    if version is None and isinstance(data, dict) and source.values.keys() >= _SECTIONS_OF_RUNS:
        data.setdefault("split_seed", None)
    if isinstance(version, int) and version > CONFIG_VERSION:
        message = f"a newer mnist-train wrote this file; this one reads versions up to {CONFIG_VERSION}"
        source.add_fault(source.place((_VERSION,)), (_VERSION,), message)
    if isinstance(version, int):
        source.values[_VERSION] = CONFIG_VERSION
    export = source.values.get("export")
    if isinstance(export, dict) and isinstance(export.get("litert"), bool) and "formats" not in export:
        export["formats"] = ("litert",) if export.pop("litert") else ()
        for places in (source.key_places, source.value_places):
            places["export", "formats"] = places.pop(("export", "litert"))
