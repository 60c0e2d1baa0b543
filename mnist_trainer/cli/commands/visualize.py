"""`mnist-train visualize`: runs in the browser, served by TensorBoard or as one page in a file."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

import mnist_trainer
from mnist_trainer.cli import options
from mnist_trainer.cli.completion import complete_run
from mnist_trainer.cli.show.printable import printable
from mnist_trainer.errors import RunError
from mnist_trainer.reporting.wording import counted

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_PAGE_NAME = "report.html"


@click.command(short_help="Show the runs in TensorBoard, or write a page about them.")
@click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=complete_run)
@click.option("--host", default="localhost", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="Port to listen on.  [default: 6006, or the next free one]"
)
@click.option("--html", is_flag=True, help="Write one page that needs no network and no server; serve nothing.")
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=options.UserPath(path_type=Path),
    help="Where --html writes to.  [default: report.html in the run, or in logs/ for several]",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in a browser, if this is a terminal.")
@options.logs_dir
@click.pass_context
def visualize(
    context: click.Context,
    /,
    *,
    runs: tuple[str, ...],
    host: str,
    port: int | None,
    html: bool,
    output: Path | None,
    open_browser: bool,
    logs_dir: Path,
) -> None:
    """Serve TensorBoard on logs/, or on the named runs, until Ctrl-C; or write a page about them with --html.

    The page compares several runs, and shows of each what its model gets wrong, how it was trained and how to do it
    again. Without a RUN it is about the latest.

    \b
    mnist-train visualize                      http://localhost:6006/
    mnist-train visualize latest --open
    mnist-train visualize --html latest        logs/…/report.html
    mnist-train visualize --html RUN RUN -o comparison.html
    """
    _refuse_unused(context, ("host", "port") if html else ("output",), html=html)
    if html:
        _write(runs, output, logs_dir, open_browser=open_browser)
    else:
        _serve(runs, host, port, logs_dir, open_browser=open_browser)


def _refuse_unused(context: click.Context, names: tuple[str, ...], *, html: bool) -> None:
    for name in names:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            reason = "--html writes a file and serves nothing" if html else "it is the file that --html writes"
            raise click.UsageError(f"--{name} cannot be used here: {reason}.")


def _write(runs: tuple[str, ...], output: Path | None, logs_dir: Path, *, open_browser: bool) -> None:
    complete: Any = {"complete": True, "needed": "predictions.npz"}
    found = [mnist_trainer.find_run(run, logs_dir, **complete) for run in runs or ["latest"]]
    chosen = list({run.path.resolve(): run for run in found}.values())
    path = output or (chosen[0].path if len(chosen) == 1 else logs_dir) / _PAGE_NAME
    if output is None and not os.access(path.parent, os.W_OK):
        raise RunError(f"{path.parent}: may not be written; name the page with --output")
    mnist_trainer.write_html_report(chosen, path)
    about = chosen[0].name if len(chosen) == 1 else counted(len(chosen), "run")
    click.echo(printable(f"The page about {about} is {path}"))
    if open_browser and sys.stdout.isatty():
        click.launch(path.absolute().as_uri())


def _serve(runs: tuple[str, ...], host: str, port: int | None, logs_dir: Path, *, open_browser: bool) -> None:
    from mnist_trainer.serving.tensorboard import serve

    chosen = [mnist_trainer.find_run(run, logs_dir) for run in runs] or mnist_trainer.all_runs(logs_dir)
    if host not in _LOCAL_HOSTS:
        exposed = f"on {host} anyone who reaches this machine can read these runs"
        click.echo(f"Warning: {exposed}; TensorBoard asks for no password.", err=True)
    with serve(logs_dir, chosen if runs else [], host=host, port=port) as url, suppress(KeyboardInterrupt):
        lines = [f"TensorBoard shows {counted(len(chosen), 'run')} at {url}  (Ctrl-C stops it)"]
        if any(list(run.path.glob("*/projector_config.pbtxt")) for run in chosen):
            lines.append(f"projector  {url}#projector")  # TensorBoard shows no tab of it to begin with
        click.echo("\n".join(lines))
        if open_browser and sys.stdout.isatty():
            click.launch(url)
        threading.Event().wait()  # until a signal
