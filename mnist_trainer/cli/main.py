"""The command `mnist-train`: its subcommands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import logging
import os
from typing import Any

import click

from mnist_trainer import __version__
from mnist_trainer.cli.commands.benchmark import benchmark
from mnist_trainer.cli.commands.compare import compare
from mnist_trainer.cli.commands.compress import compress
from mnist_trainer.cli.commands.config import config
from mnist_trainer.cli.commands.evaluate import evaluate
from mnist_trainer.cli.commands.export import export
from mnist_trainer.cli.commands.predict import predict
from mnist_trainer.cli.commands.runs import runs
from mnist_trainer.cli.commands.train import train
from mnist_trainer.cli.commands.tune import tune
from mnist_trainer.cli.commands.visualize import visualize
from mnist_trainer.cli.show.printable import folded, printable
from mnist_trainer.cli.streams import prepare_streams
from mnist_trainer.errors import ConfigError, MnistTrainerError
from mnist_trainer.processes.interruption import interruptible


class Boundary(click.Group):
    """Turns every error that a user can meet into its message and exit code; any other exception is our bug."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the command line."""
        prepare_streams()
        # NumPy's threads wait for one another: on a busy machine the projector takes up to fifty times as long.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        os.environ["MPLBACKEND"] = "agg"  # of a notebook it names a module that may not be here
        # Without a home directory it tells that it keeps its list of fonts elsewhere.
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        return super().main(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand."""
        try:
            with interruptible():
                return super().invoke(ctx)
        except MnistTrainerError as error:
            text = str(error) if isinstance(error, ConfigError) else f"Error: {error}"
            click.echo(printable(folded(text)), err=True)
            ctx.exit(error.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            error.add_note("This is a bug in mnist-train: please report it with the text above and the command.")
            raise


@click.group(cls=Boundary, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mnist-train", message="%(prog)s %(version)s")
def main() -> None:
    """Train, evaluate and visualise Keras models on MNIST.

    \b
    mnist-train train                          a dense network, in less than a minute
    mnist-train train conv --set train.epochs=3
    mnist-train evaluate latest
    mnist-train visualize

    Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 done but a gate was missed, 130 and 143 interrupted.
    """


for _command in (train, tune, evaluate, compare, predict, visualize, compress, export, benchmark, runs, config):
    main.add_command(_command)
