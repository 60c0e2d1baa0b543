"""What `benchmark` prints fits narrow terminals, and no time is left out."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from mnist_trainer.cli.show import benchmark
from mnist_trainer.cli.show.benchmark import BenchmarkView
from mnist_trainer.reporting.benchmark_report import BenchmarkReport
from tests.reporting.benchmarks import BENCHMARK


def shown(monkeypatch: pytest.MonkeyPatch, report: BenchmarkReport, width: int = 120) -> list[str]:
    """Return the lines that are printed of a report."""
    stream = io.StringIO()

    def make_console(**_options: bool) -> Console:
        return Console(file=stream, width=width, force_terminal=True, highlight=False, markup=False, soft_wrap=True)

    monkeypatch.setattr(benchmark, "make_console", make_console)
    monkeypatch.setattr(benchmark, "missing_formats", lambda: {"onnx": "onnx", "openvino": "openvino"})
    BenchmarkView((), as_json=False, quiet=False).show(report)
    text = stream.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "")
    return [line.rstrip() for line in text.splitlines()]


def test_every_file_and_every_time_is_in_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(shown(monkeypatch, BENCHMARK))
    assert (
        """
on 100 test examples of MNIST
format  accuracy      95 % interval  changed    size    load
keras    90.00 %  85.00 % – 95.00 %        –  459 kB  2.50 s
litert   90.00 %  85.00 % – 95.00 %        3  143 kB  0.25 s

one image at a time
format  threads   median  95 % within  images/s
keras         1  2.00 ms      4.00 ms       500
              2  1.00 ms      3.00 ms     1,000
litert        1  2.00 ms      4.00 ms       500
              2  1.00 ms      3.00 ms     1,000

32 images at a time
format  threads   median  95 % within  images/s
keras         1  20.0 ms       500 ms     1,600
              2        –            –         –
litert        1  20.0 ms       500 ms     1,600
              2        –            –         –

machine  Fast CPU, 2 cores; has AVX2, AVX-512; no AVX-512 VNNI, AVX-512 bf16, AMX bf16, AMX int8
runtime  keras: Keras 3
runtime  litert: LiteRT 2"""
        in text
    )


def test_formats_that_need_more_packages_are_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    first = shown(monkeypatch, BENCHMARK)[0]
    assert first == "without  onnx, openvino; to add them: pip install 'mnist-train[onnx,openvino]'"


def test_busy_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, replace(BENCHMARK, load_average=1.5))
    assert "note     busy: 1.5 processes wanted a core; times are longer than they need be" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_fit_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    formats = tuple(
        replace(entry, format=name)
        for entry, name in zip(BENCHMARK.formats, ("saved_model", "litert-dynamic"), strict=True)
    )
    lines = shown(monkeypatch, replace(BENCHMARK, formats=formats), width)
    assert [line for line in lines if len(line) > width and "pip install" not in line] == []
    assert any("95 % interval" in line for line in lines if not line.startswith("not shown")) == (width > 72)
    assert sum("95 % within" in line for line in lines) == 2
