"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mnist_trainer.cli.completion import complete_override
from mnist_trainer.formats.pixels import AUTO, RANGES


class UserPath(click.Path):
    """A path, in which ~ is a home directory also where no shell has put it there, as behind `--logs-dir=`."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """Return the path."""
        try:
            value = Path(value).expanduser()
        except RuntimeError:  # there is no such home directory
            self.fail(f"{value}: there is no such home directory", parameter, context)
        return super().convert(value, parameter, context)


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

logs_dir: Decorator = click.option(
    "--logs-dir",
    type=UserPath(file_okay=False, path_type=Path),
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
data: Decorator = click.option(
    "--data",
    metavar="PATH",
    type=UserPath(exists=True, path_type=Path),
    help="Another data set: a .npz file, or a folder of IDX or .npy files.",
)
pixels: Decorator = click.option(
    "--pixels",
    type=click.Choice([AUTO, *RANGES]),
    default=AUTO,
    show_default=True,
    help="What a model FILE was trained on: 0 to 255, those divided by 255, …; auto tries it out on known images.",
)
quiet: Decorator = click.option("--quiet", "-q", is_flag=True, help="Print errors only (and what --json prints).")
overrides: Decorator = click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=complete_override,
    help="Override one value of the file, e.g. --set train.epochs=3; the right side is read as YAML. May be repeated.",
)
