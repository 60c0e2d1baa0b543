"""`light_export`: a run's model in LiteRT, which answers without TensorFlow; made where the run has none yet."""

from __future__ import annotations

import os
from collections.abc import Callable

from mnist_trainer.errors import MnistTrainerError
from mnist_trainer.formats import litert
from mnist_trainer.formats.model_source import ModelSource, exported_path, model_of
from mnist_trainer.runs.run import REPORT_NAME, Run


def light_export(run: Run) -> ModelSource | None:
    """Return the export of a complete run; None where there is none, and none can be made."""
    light = ModelSource(exported_path(run, litert), litert, run)
    return light if os.path.lexists(light.path) or _is_made(light, run) else None


def _is_made(light: ModelSource, run: Run) -> bool:
    """Make it, which takes some seconds, once; return whether it is there."""
    if not os.access(run.path, os.W_OK):
        return False
    try:
        write = _writer(run)
        with run.lock(), run.write(light.path.name) as path:
            write(ModelSource(path, litert, run))
    except MnistTrainerError:
        # The run is in use, the disk is full, or LiteRT does not answer as Keras does, with which the run is then used.
        return False
    return True


def _writer(run: Run) -> Callable[[ModelSource], object]:
    """Return what writes the run's model, which is read now."""
    from mnist_trainer.backend import import_backend

    import_backend()

    from mnist_trainer.data.load import load_dataset
    from mnist_trainer.formats.compared import NUM_COMPARED, write_compared
    from mnist_trainer.formats.keras.read import read_model

    class_names = tuple(run.read_json(REPORT_NAME).get("class_names", ()))
    model = read_model(model_of(run).path)
    return lambda target: write_compared(model, target, load_dataset().test.images[:NUM_COMPARED], class_names)
