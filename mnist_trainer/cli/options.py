"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

logs_dir: Decorator = click.option(
    "--logs-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("logs"),
    show_default=True,
    help="Folder of the run directories.",
)
as_json: Decorator = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object on standard output, everything else on standard error.",
)
quiet: Decorator = click.option("--quiet", "-q", is_flag=True, help="Print errors only (and what --json prints).")
overrides: Decorator = click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="Override one value of the file, e.g. --set train.epochs=3; the right side is read as YAML. May be repeated.",
)
