"""A benchmark's report with numbers that are easy to see again."""

from __future__ import annotations

from dataclasses import replace

from mnist_trainer.reporting.benchmark_report import BenchmarkReport, FormatReport, Speed

_KERAS = FormatReport(
    model="logs/x",
    format="keras",
    model_sha256="a" * 64,
    data="MNIST",
    data_sha256="b" * 64,
    runtime="Keras 3",
    size_bytes=459_000,
    load_seconds=2.5,
    accuracy=0.9,
    accuracy_interval=(0.85, 0.95),
    num_correct=90,
    num_examples=100,
    num_changed=None,
    speeds=(
        Speed(1, 1, 0.002, 0.004, 500, 100),
        Speed(2, 1, 0.001, 0.003, 1_000, 100),
        Speed(1, 32, 0.02, 0.5, 1_600, 9),
    ),
)
_LITERT = replace(_KERAS, format="litert", runtime="LiteRT 2", size_bytes=143_000, load_seconds=0.25, num_changed=3)
BENCHMARK = BenchmarkReport(
    cpu="Fast CPU",
    cpu_features=("AVX2", "AVX-512"),
    num_cpus=2,
    load_average=0.5,
    num_threads=(1, 2),
    batch_sizes=(1, 32),
    formats=(_KERAS, _LITERT),
)
