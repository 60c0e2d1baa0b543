"""`mnist-train config`: check, show, start, preview and describe configuration files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

import mnist_trainer
from mnist_trainer.backend import import_backend
from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_config
from mnist_trainer.config.shipped import SCHEMA_NAME, copy_shipped, purpose_of
from mnist_trainer.errors import ConfigError, Fault
from mnist_trainer.reporting.wording import counted
from mnist_trainer.runs.commands import command

if TYPE_CHECKING:
    from mnist_trainer.config.schema import Config


@click.group(short_help="Check, show, start, preview and describe configuration files.")
def config() -> None:
    """Check, show, start, preview and describe configuration files."""


@config.command()
@click.argument("files", nargs=-1, required=True, shell_complete=complete_config)
@options.overrides
def check(files: tuple[str, ...], overrides: tuple[str, ...]) -> None:
    """Report every fault of each FILE with its line and column; exit with 2 if there is one."""
    from mnist_trainer.config.load import LoadedConfig

    faults: list[Fault] = []
    num_more = 0
    for file in files:
        try:
            loaded = LoadedConfig.read(file).with_overrides(overrides)
            if "variants" in loaded.source.values:
                plan = mnist_trainer.load_plan(file, overrides)
                click.echo(f"{file}: no fault; a plan of {counted(len(plan.variants), 'variant')}")
                continue
            settings = loaded.config
            with loaded.located():
                _require_data(settings.data.path)
            click.echo(f"{file}: no fault{_search_summary(settings)}")
        except ConfigError as error:
            faults += error.faults
            num_more += error.num_more
    if faults:
        raise ConfigError(faults, num_more)


def _search_summary(settings: Config) -> str:
    if settings.search is None:
        return ""
    from mnist_trainer.config.search.space import num_points, num_trials

    num_keys = len(settings.search.space)
    points = num_points(settings) if settings.search.method == "grid" else None
    trials = num_trials(settings)
    grid = (
        "" if points is None else f", a grid of {points:,} points" + (f", {trials:,} tried" if trials < points else "")
    )
    return f"; a search over {num_keys} parameter{'s' if num_keys > 1 else ''}{grid}"


def _require_data(path: str | None) -> None:
    if path and not os.path.lexists(path):
        raise ConfigError([Fault("", "data.path", f"{path}: no such file or folder")])


@config.command()
@click.argument("file", default="dense", shell_complete=complete_config)
@options.overrides
@click.option("--layers", is_flag=True, help="Print a table of the model's layers instead, for 10 classes.")
def show(file: str, overrides: tuple[str, ...], *, layers: bool) -> None:
    """Print FILE with every default spelled out and a comment on each key."""
    settings = mnist_trainer.load_config(file, overrides)
    if layers:
        from mnist_trainer.cli.show.layers import show_model

        show_model(settings)
    else:
        from mnist_trainer.config.render import render_config

        click.echo(render_config(settings), nl=False)


@config.command()
@click.argument("name", default="dense", shell_complete=complete_config)
@click.option("-o", "--output", metavar="FILE", type=options.UserPath(path_type=Path), help="Default: NAME.yaml here.")
def init(name: str, output: Path | None) -> None:
    """Copy the shipped configuration NAME (dense, conv, search_dense, …) to a file of your own.

    \b
    mnist-train config init conv -o mine.yaml
    mnist-train config init search_dense
    """
    path, purpose = copy_shipped(name, output or Path(f"{name}.yaml")), purpose_of(name)
    schema = "" if purpose == "compress" else f", and {SCHEMA_NAME} beside it, with which editors complete its keys"
    click.echo(f"wrote {path}{schema}")
    click.echo(f"next   edit it, then: {command(purpose, *(['latest'] if purpose == 'compress' else []), path)}")


@config.command()
@click.argument("file", default="good", shell_complete=complete_config)
@options.overrides
@click.option(
    "-o",
    "--output",
    metavar="PNG",
    type=options.UserPath(dir_okay=False, path_type=Path),
    default=Path("preview.png"),
    show_default=True,
    help="Where the picture goes; its ending chooses the format.",
)
def preview(file: str, overrides: tuple[str, ...], output: Path) -> None:
    """Draw what the model will see: training images as they are, and as FILE's `augment` changes them.

    \b
    mnist-train config preview good --set augment.rotate=15 -o preview.png
    """
    settings = mnist_trainer.load_config(file, overrides)
    dataset = mnist_trainer.load_dataset(settings.data)
    import_backend()

    from mnist_trainer.training.batches.preview import draw_preview, save_preview

    save_preview(draw_preview(dataset.train, settings.augment, settings.seed), output)
    click.echo(f"wrote {output}: ten examples, and what the model sees of them in epochs 1 to 8")


@config.command()
def schema() -> None:
    """Print the JSON Schema of configuration files, for editors that complete and check YAML."""
    from mnist_trainer.config.json_schema import schema_text

    click.echo(schema_text(), nl=False)
