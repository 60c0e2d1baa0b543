"""Pictures of a study, as Optuna draws them, but for their titles and the scale of accuracies."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from mnist_trainer.files.whole_file import write_whole
from mnist_trainer.reporting.theme import default_style
from mnist_trainer.reporting.wording import percent
from mnist_trainer.tuning.methods import quieten
from mnist_trainer.tuning.report import NUM_TELLING
from mnist_trainer.tuning.study import Study
from mnist_trainer.tuning.wording import objective_name, short_names

if TYPE_CHECKING:
    import optuna
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FOLDER = "figures"
_DPI = 120
# Inches: of a picture, and of each parameter in those that show some beside one another.
_HEIGHT, _WIDTH = 4.0, 2.6
_NUM_BESIDE = 4
_PARALLEL = "parallel coordinates"
_ACCURACIES = (0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
# An accuracy of 1 has no place on a logarithmic axis of errors.
_LEAST_ERROR = 1e-4


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
        is_accuracy = study.search.objectives == ("accuracy",)
        for title, draw in _drawings(storage, study.search.objectives[0]).items():
            path = folder / f"{title.replace(' ', '_')}.png"
            is_scaled = is_accuracy and title not in ("importances", _PARALLEL)
            if _drawn(draw, path, tuple(study.search.space), is_accuracy=is_scaled):
                found[title] = path
    return found


def _drawings(storage: optuna.Study, objective: str) -> dict[str, Callable[[], Any]]:
    from optuna.importance import PedAnovaImportanceEvaluator
    from optuna.visualization import matplotlib as plots

    complete = [trial for trial in storage.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]
    if not complete:
        return {}
    if len(storage.directions) > 1:
        return {"pareto front": lambda: plots.plot_pareto_front(storage)} if len(storage.directions) < 4 else {}
    name, evaluator = objective_name(objective), PedAnovaImportanceEvaluator()
    drawings: dict[str, Callable[[], Any]] = {
        "history": lambda: plots.plot_optimization_history(storage, target_name=name),
    }
    if len(complete) >= NUM_TELLING:
        drawings["importances"] = lambda: plots.plot_param_importances(storage, evaluator=evaluator, target_name=name)
    keys = list(dict.fromkeys(key for trial in complete for key in trial.params))
    for first in range(0, len(keys), _NUM_BESIDE):
        some = keys[first : first + _NUM_BESIDE]
        title = f"slices {1 + first // _NUM_BESIDE}" if len(keys) > _NUM_BESIDE else "slices"
        drawings[title] = functools.partial(plots.plot_slice, storage, params=some, target_name=name)
    half = _better_half(storage, complete)
    drawings[_PARALLEL] = lambda: plots.plot_parallel_coordinate(half, target_name=name)
    return drawings


def _better_half(storage: optuna.Study, complete: list[optuna.trial.FrozenTrial]) -> optuna.Study:
    """Return a study of the trials that tell which values go together: bad ones would take most of the scale."""
    import optuna

    (direction,) = storage.directions
    is_most_best = direction == optuna.study.StudyDirection.MAXIMIZE
    ranked = sorted(complete, key=lambda trial: trial.value or 0.0, reverse=is_most_best)
    half = optuna.create_study(direction=direction)
    half.add_trials(ranked[: max(2, len(ranked) // 2)])
    return half


@default_style()
def _drawn(draw: Callable[[], Any], path: Path, keys: Sequence[str], *, is_accuracy: bool) -> bool:
    """Draw one picture; return whether there were trials enough for it."""
    from matplotlib import pyplot as plt

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            axes = np.ravel(draw())
        except (ValueError, RuntimeError):  # no complete trial, or none that differ
            return False
        figure = axes[0].figure
        if path.stem == _PARALLEL.replace(" ", "_"):
            _name_coordinates(figure, axes[0], keys)
        else:
            _name_parameters(figure, axes)
        if axes[0].get_legend() and not axes[0].collections:  # of bars, all of which are of one kind
            axes[0].get_legend().remove()
        if is_accuracy:
            _widen_accuracies(axes[0])
        with write_whole(path) as temporary:
            figure.savefig(temporary, dpi=_DPI, bbox_inches="tight")
        plt.close("all")
    return True


def _name_parameters(figure: Figure, axes: Any) -> None:
    """Leave out the titles, which stand above on the page, and say keys in short, and choices without quotes."""
    figure.suptitle("")
    is_one = len(axes) == 1
    figure.set_size_inches(figure.get_size_inches()[0] if is_one else _WIDTH * len(axes), _HEIGHT)
    names = short_names([part.get_xlabel() for part in axes])
    for part in axes:
        for place in ("left", "center"):
            part.set_title("", loc=place)
        part.set_xlabel(names[part.get_xlabel()], fontsize=10)
        _name_ticks(part)
        part.tick_params(axis="x", labelsize=8, labelrotation=0 if is_one else 25)


def _name_coordinates(figure: Figure, axes: Axes, keys: Sequence[str]) -> None:
    """Say keys in short, below one axis each."""
    labels = [label.get_text() for label in axes.get_xticklabels()]
    # Optuna cuts long ones.
    whole = [next((key for key in keys if key.startswith(label.removesuffix("..."))), label) for label in labels]
    names = short_names(whole)
    axes.set_xticks(axes.get_xticks(), [names[key] for key in whole], rotation=0, fontsize=9)
    axes.set_title("")
    figure.set_size_inches(_WIDTH * max(_NUM_BESIDE, len(labels) * 0.75), _HEIGHT * 1.2)


def _name_ticks(axes: Axes) -> None:
    if axes.get_xscale() == "log":
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.figure.canvas.draw()
    texts = [text.get_text() for text in axes.get_xticklabels()]
    if any(text.startswith("'") for text in texts):
        axes.set_xticks(axes.get_xticks(), [text.strip("'") for text in texts])


def _widen_accuracies(axes: Axes) -> None:
    """Give errors a logarithmic scale: one bad trial would press all good ones into a line."""

    def height(accuracy: Any) -> Any:
        return -np.log10(np.clip(1 - np.asarray(accuracy), _LEAST_ERROR, None))

    low, high = axes.dataLim.intervaly
    axes.set_yscale("function", functions=(height, lambda heights: 1 - 10 ** -np.asarray(heights)))
    low, high = 1 - 1.15 * (1 - low), 1 - max(1 - high, _LEAST_ERROR) / 1.15
    axes.set_ylim(low, high)
    ticks = [accuracy for accuracy in _ACCURACIES if low <= accuracy <= high]
    axes.set_yticks(ticks, [percent(accuracy, 2 if accuracy > 0.999 else 1) for accuracy in ticks])
    axes.minorticks_off()
