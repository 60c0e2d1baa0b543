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
# Inches: of a picture, and of each parameter in those that show them beside one another.
_HEIGHT, _WIDTH = 4.5, 3.0
_WIDE = ("slices", "parallel coordinates")


def draw_figures(study: Study) -> dict[str, Path]:
    """Write figures/*.png, and return them by their titles; those for which there are too few trials are left out.

    Raises:
        RunError: a file cannot be written.
    """
    quieten()
    folder = study.path / _FOLDER
    folder.mkdir(exist_ok=True)
    found = {}
    with study.opened() as storage:
        for title, draw in _drawings(storage, study.search.objectives[0]).items():
            path = folder / f"{title.replace(' ', '_')}.png"
            if _drawn(draw, path, width=_WIDTH * len(study.search.space) if title in _WIDE else None):
                found[title] = path
    return found


def _drawings(storage: optuna.Study, objective: str) -> dict[str, Callable[[], Any]]:
    from optuna.importance import PedAnovaImportanceEvaluator
    from optuna.visualization import matplotlib as plots

    if len(storage.directions) > 1:
        return {"pareto front": lambda: plots.plot_pareto_front(storage)} if len(storage.directions) < 4 else {}
    return {
        "history": lambda: plots.plot_optimization_history(storage, target_name=objective),
        "importances": lambda: plots.plot_param_importances(
            storage, evaluator=PedAnovaImportanceEvaluator(), target_name=objective
        ),
        "slices": lambda: plots.plot_slice(storage, target_name=objective),
        "parallel coordinates": lambda: plots.plot_parallel_coordinate(storage, target_name=objective),
    }


def _drawn(draw: Callable[[], Any], path: Path, width: float | None) -> bool:
    """Draw one picture; return whether there were trials enough for it."""
    from matplotlib import pyplot as plt

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            axes = draw()
        except (ValueError, RuntimeError):  # no complete trial, or none that differ
            return False
        figure = axes.ravel()[0].figure if hasattr(axes, "ravel") else axes.figure
        if width:
            figure.set_size_inches(max(width, _WIDTH * 2), _HEIGHT)
            for part in figure.axes:
                part.xaxis.label.set_fontsize(9)
                part.tick_params(axis="x", labelsize=8, labelrotation=25)
        with write_whole(path) as temporary:
            figure.savefig(temporary, dpi=_DPI, bbox_inches="tight")
        plt.close("all")
    return True
