"""`mnist-train visualize`: TensorBoard on the runs, in the browser."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mnist_trainer.cli import options

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


@click.command(short_help="Show the runs in TensorBoard.")
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option("--host", default="localhost", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="Port to listen on.  [default: 6006, or the next free one]"
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in a browser, if this is a terminal.")
@options.logs_dir
def visualize(*, runs: tuple[str, ...], host: str, port: int | None, open_browser: bool, logs_dir: Path) -> None:
    """Serve TensorBoard on logs/, or on the named runs, until Ctrl-C.

    \b
    mnist-train visualize                      http://localhost:6006/
    mnist-train visualize latest --open
    """
    from mnist_trainer.run import all_runs, find_run
    from mnist_trainer.visualize import serve

    chosen = [find_run(run, logs_dir) for run in runs] or all_runs(logs_dir)
    if host not in _LOCAL_HOSTS:
        exposed = f"on {host} anyone who reaches this machine can read these runs"
        click.echo(f"Warning: {exposed}; TensorBoard asks for no password.", err=True)
    with serve(logs_dir, chosen if runs else [], host=host, port=port) as (url, wait):
        count = "1 run" if len(chosen) == 1 else f"{len(chosen)} runs"
        click.echo(f"TensorBoard shows {count} at {url}  (Ctrl-C stops it)")
        if open_browser and sys.stdout.isatty():
            click.launch(url)
        wait()
