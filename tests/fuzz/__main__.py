"""Coverage-guided fuzzing of one parser, with atheris.

    python -m tests.fuzz keras_config --seconds 600

An input that raises another exception than the parser's own ends it, and is written to the working directory.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris
import click

INSTRUMENTED = ["mnist_trainer", "yaml", "zipfile", "json", "gzip"]
# Large ones, which take ten seconds.
ALSO_INSTRUMENTED = {"picture": ["PIL"], "npz": ["numpy.lib.format"], "npy": ["numpy.lib.format"]}


@click.command()
@click.argument("target")
@click.option("--seconds", type=click.IntRange(min=1), default=60, show_default=True, help="How long.")
def main(target: str, seconds: int) -> None:
    """Fuzz TARGET, a function of tests/fuzz/targets.py."""
    with atheris.instrument_imports(include=[*INSTRUMENTED, *ALSO_INSTRUMENTED.get(target, [])]):
        from tests.fuzz.seeds import write_seeds
        from tests.fuzz.targets import TARGETS
    if target not in TARGETS:
        raise click.BadParameter(f"expected one of {', '.join(TARGETS)}", param_hint="TARGET")
    with tempfile.TemporaryDirectory() as folder:
        write_seeds(target, Path(folder))
        # A run that takes 2 GB or 10 s is a find too. With Pillow the fuzzer itself grows, by 50 kB an input: what it
        # has found, run again without it, takes no more memory after 10,000 times than after 150.
        megabytes = 8_192 if target == "picture" else 2_048
        limits = [f"-max_total_time={seconds}", f"-rss_limit_mb={megabytes}", "-timeout=10", "-max_len=300000"]
        atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", folder], TARGETS[target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
