"""`Confirmation`: whether a search has gained anything."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mnist_trainer.reporting.wording import counted


@dataclass(frozen=True)
class Confirmation:
    """Winner and starting configuration, each trained with several seeds on the whole training split.

    Attributes:
        start: the test accuracy of each seed, in [0, 1], where the search started from.
        winner: of each seed, what the search found.
        difference: mean of the winner's accuracies less those of the start.
        interval: the 95 % Student interval of that mean, the seeds being paired; None of one seed.
    """

    start: tuple[float, ...]
    winner: tuple[float, ...]
    difference: float
    interval: tuple[float, float] | None

    @property
    def verdict(self) -> str:
        """Whether the search has gained anything, in a sentence."""
        seeds = counted(len(self.start), "seed")
        points = f"{100 * self.difference:+.2f} points of test accuracy over {seeds}"
        if self.interval is None:
            return f"The winner has {points}; one seed cannot tell whether that is more than chance."
        low, high = (100 * bound for bound in self.interval)
        shown = f"{points} (95 % interval {low:+.2f} to {high:+.2f})"
        if low > 0:
            return f"The search has gained something: the winner has {shown}."
        if high < 0:
            return (
                f"The search has lost something: the winner has {shown}. Keep the configuration that it started from."
            )
        return f"The search has not gained anything that is more than chance: the winner has {shown}."

    def as_json(self) -> dict[str, Any]:
        """Return the values as plain ones."""
        return {**asdict(self), "verdict": self.verdict}
