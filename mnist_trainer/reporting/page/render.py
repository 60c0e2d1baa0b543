"""The page from its sections: templates, and the filters that write numbers and images in them."""

from __future__ import annotations

import base64
import io
import shlex
from collections.abc import Sequence
from pathlib import Path

import jinja2
from PIL import Image

from mnist_trainer.config.render import render_value
from mnist_trainer.data.dataset import Images
from mnist_trainer.reporting import charts, wording
from mnist_trainer.reporting.page.comparison_sections import ComparisonSections
from mnist_trainer.reporting.page.sections import RunSections
from mnist_trainer.reporting.wording import unbroken

# The sections of more runs than these would bury what compares them.
_MAX_UNFOLDED_RUNS = 3
_STAGES = {
    "start": "interpreter, command line, configuration",
    "import": "loading TensorFlow",
    "data": "reading the data set",
    "build": "building the model",
    "fit": "training and validation",
    "save": "writing the model",
    "export": "writing it for predictions without TensorFlow",
    "evaluate": "measuring validation and test split",
    "tensorboard": "pictures for TensorBoard",
}


def render_page(runs: Sequence[RunSections], comparison: ComparisonSections | None) -> str:
    """Return the page about one run, or the one that compares several, as text.

    Args:
        runs: at least one.
        comparison: of all runs, where there are several.
    """
    return _templates().get_template("report.html.jinja").render(runs=runs, comparison=comparison)


def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": lambda *values: unbroken(wording.percent(*values)),
        "count": lambda number: f"{number:,}",
        "counted": wording.counted,
        "duration": lambda seconds: unbroken(wording.duration(seconds)),
        "milliseconds": lambda seconds: unbroken(wording.milliseconds(seconds)),
        "precise_milliseconds": lambda seconds: unbroken(wording.precise_milliseconds(seconds)),
        "kilobytes": lambda num_bytes: unbroken(wording.kilobytes(num_bytes)),
        "calibration_verdict": wording.calibration_verdict,
        "data_address": _as_data_address,
        "shell": shlex.join,
        "yaml": render_value,
    }
    environment.globals |= {"stages": _STAGES, "num_series": charts.NUM_SERIES, "max_unfolded_runs": _MAX_UNFOLDED_RUNS}
    return environment


def _as_data_address(image: Images) -> str:
    """Return the pixels as the `data:` address of a PNG, so that the page needs no other file."""
    content = io.BytesIO()
    Image.fromarray(image).save(content, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
