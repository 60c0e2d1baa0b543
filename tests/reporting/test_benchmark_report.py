from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.lines import Line2D

from mnist_trainer.errors import RunError
from mnist_trainer.formats.model_source import model_of
from mnist_trainer.reporting.benchmark_figure import benchmark_figure
from mnist_trainer.reporting.benchmark_report import BenchmarkReport, Failure
from mnist_trainer.reporting.figures import as_pixels
from mnist_trainer.reporting.html_report import make_html_report
from mnist_trainer.runs.run import Run
from tests.reporting.benchmarks import BENCHMARK


def of_run(run: Run) -> BenchmarkReport:
    sha256 = model_of(run).sha256
    return replace(BENCHMARK, formats=tuple(replace(entry, model_sha256=sha256) for entry in BENCHMARK.formats))


def times(line: Line2D) -> list[float]:
    values: list[float] = np.asarray(line.get_xdata(), float).tolist()
    return values


def test_report_is_read_back_as_it_was_written(copied_run: Run) -> None:
    report = replace(of_run(copied_run), failures=(Failure("logs/x", "onnx", "no"),))
    copied_run.write_json("benchmark.json", report.as_json())
    assert BenchmarkReport.read(copied_run) == report


def test_report_about_another_model_is_none(copied_run: Run) -> None:
    copied_run.write_json("benchmark.json", BENCHMARK.as_json())
    assert BenchmarkReport.read(copied_run) is None


@pytest.mark.parametrize(
    "changed", [{"num_cpus": -1}, {"batch_sizes": []}, {"formats": []}, {"num_threads": [*range(1, 10)]}]
)
def test_damaged_report_is_refused(changed: dict[str, object], copied_run: Run) -> None:
    copied_run.write_json("benchmark.json", {**BENCHMARK.as_json(), **changed})
    with pytest.raises(RunError, match=rf"benchmark\.json: not what a run writes: {next(iter(changed))}: "):
        make_html_report([copied_run])


def test_models_are_told_apart_where_there_are_several() -> None:
    keras, litert = BENCHMARK.formats
    assert BENCHMARK.names == ("keras", "litert")
    assert replace(BENCHMARK, formats=(keras, replace(litert, model="a.tflite"))).names == (
        "logs/x keras",
        "a.tflite litert",
    )


def test_failure_names_its_file_once() -> None:
    assert str(Failure("a.tflite", "litert", "a.tflite: damaged")) == "a.tflite: damaged"
    assert str(Failure("logs/x", "onnx", "the converter cannot write it")) == "onnx: the converter cannot write it"


def test_figure_has_a_panel_for_each_batch_and_a_dot_for_each_time() -> None:
    figure = benchmark_figure(BENCHMARK)
    first, second = figure.axes
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["one image at a time", "32 images at a time"]
    assert [label.get_text() for label in first.get_yticklabels()] == [
        "keras\n90.00 %, 459 kB\nloads in 2.50 s",
        "litert\n90.00 %, 143 kB\nloads in 0.25 s",
    ]
    # Of each time a line to the 95th percentile and a dot, in milliseconds; of 2 threads there are none of 32 images.
    assert [times(line) for line in first.lines if line.get_marker() == "o"] == [[2], [1], [2], [1]]
    assert [times(line) for line in second.lines[:2]] == [[20, 500], [20]]
    assert len(second.lines) == 4


def test_names_and_numbers_in_the_figure_do_not_run_out_of_it() -> None:
    pixels = as_pixels(benchmark_figure(replace(BENCHMARK, formats=BENCHMARK.formats[:1])))[..., :3]
    assert (pixels[:, [0, -1]] == 255).all()
    assert (pixels[[0, -1]] == 255).all()


def test_batch_that_no_file_can_do_has_an_empty_panel() -> None:
    report = replace(BENCHMARK, batch_sizes=(7,))
    assert [len(axes.lines) for axes in benchmark_figure(report).axes] == [0]


def test_page_shows_each_format_and_its_times(copied_run: Run) -> None:
    copied_run.write_json("benchmark.json", of_run(copied_run).as_json())
    page = " ".join(make_html_report([copied_run]).replace("\N{NO-BREAK SPACE}", " ").split())
    assert "Measured on Fast CPU with 2 cores, which offers AVX2, AVX-512." in page
    assert "It was busy" not in page
    assert '<th scope="row">litert <span class="under">LiteRT 2</span></th><td>90.00 %</td>' in page
    assert "<td>85.00 % – 95.00 %</td> <td>3</td> <td>143 kB</td><td>0.25 s</td>" in page
    assert '<th scope="row">keras</th><td>1</td><td>32</td> <td>20.0 ms</td><td>500 ms</td> <td>1,600</td>' in page
    assert 'aria-label="How long 32 images at a time take, median and 95 %, by format and threads."' in page


def test_page_says_how_to_measure_and_that_the_machine_was_busy(trained_run: Run, tmp_path: Path) -> None:
    assert f"mnist-train benchmark {trained_run.path}</code>" in make_html_report([trained_run])
    run = Run(Path(shutil.copytree(trained_run.path, tmp_path / trained_run.name)))
    run.write_json("benchmark.json", replace(of_run(run), load_average=1.5).as_json())
    assert "It was busy with other things" in make_html_report([run])
