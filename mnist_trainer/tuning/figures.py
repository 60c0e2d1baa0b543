"""Pictures of a study, as Optuna draws them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_trainer.files.whole_file import write_whole
from mnist_trainer.tuning.methods import quieten
from mnist_trainer.tuning.study import Study

if TYPE_CHECKING:
    import optuna

_FOLDER = "figures"
_DPI = 120


def draw_figures(study: Study) -> dict[str, Path]:
    """Write figures/*.png, and return them by their titles; those for which there are too few trials are left out.

    Raises:
        RunError: a file cannot be written.
    """
    storage = study.open()
    quieten()
    folder = study.path / _FOLDER
    folder.mkdir(exist_ok=True)
    found = {}
    for title, draw in _drawings(storage).items():
        path = folder / f"{title.replace(' ', '_')}.png"
        if _drawn(draw, path):
            found[title] = path
    return found


def _drawings(storage: optuna.Study) -> dict[str, Callable[[], Any]]:
    from optuna.importance import PedAnovaImportanceEvaluator
    from optuna.visualization import matplotlib as plots

    if len(storage.directions) > 1:
        return {"pareto front": lambda: plots.plot_pareto_front(storage)} if len(storage.directions) < 4 else {}
    return {
        "history": lambda: plots.plot_optimization_history(storage),
        "importances": lambda: plots.plot_param_importances(storage, evaluator=PedAnovaImportanceEvaluator()),
        "slices": lambda: plots.plot_slice(storage),
        "parallel coordinates": lambda: plots.plot_parallel_coordinate(storage),
    }


def _drawn(draw: Callable[[], Any], path: Path) -> bool:
    """Draw one picture; return whether there were trials enough for it."""
    from matplotlib import pyplot as plt

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            axes = draw()
        except (ValueError, RuntimeError):  # no complete trial, or none that differ
            return False
        figure = axes.ravel()[0].figure if hasattr(axes, "ravel") else axes.figure
        with write_whole(path) as temporary:
            figure.savefig(temporary, dpi=_DPI, bbox_inches="tight")
        plt.close("all")
    return True
