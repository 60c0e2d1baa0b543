"""What `mnist-train compare` prints."""

from __future__ import annotations

from mnist_trainer.cli.show.console import make_console, print_table, print_text
from mnist_trainer.cli.show.printable import print_json
from mnist_trainer.reporting.comparison import Comparison, config_differences
from mnist_trainer.reporting.wording import percent

_NUM_SHOWN = 10


def show_comparison(comparison: Comparison, *, as_json: bool, quiet: bool) -> None:
    """Print both accuracies, the verdict, where the configurations differ, and examples that one gets right."""
    console = make_console(as_json=as_json, quiet=quiet)
    only = (comparison.num_only_first, comparison.num_only_second)
    rows = [
        [name, percent(accuracy), f"{count:,}"]
        for name, accuracy, count in zip(comparison.names, comparison.accuracies, only, strict=True)
    ]
    print_table(console, ("run", "accuracy", "right alone"), rows, droppable=[["right alone"]])
    console.print()
    print_text(console, comparison.verdict())
    console.print()
    differences = config_differences(comparison.configs)
    if differences:
        print_table(console, ("key", "first", "second"), [[key, *values] for key, values in differences.items()])
        console.print()
    shown, num_changed = comparison.changed[:_NUM_SHOWN], len(comparison.changed)
    if shown:
        changed = [[str(c.example), str(c.label), str(c.first), str(c.second)] for c in shown]
        left_out = f", the first {len(shown)} of {num_changed}" if num_changed > len(shown) else ""
        title = f"examples that one gets right{left_out}"
        print_table(console, ("example", "label", "first", "second"), changed, title=title)
    if as_json:
        print_json(comparison.as_json())
