"""What several architectures suggest, in the same words."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from mnist_trainer.component import Component, Misfit, Suggestion

_LARGE_DROPOUT, _SMALL_DROPOUT = 0.5, 0.2


def more_regularisation(*, l2: float, dropout: float = _LARGE_DROPOUT) -> Iterator[Suggestion]:
    """Yield more dropout, or a penalty where there is enough of it, or where the model has none to set."""
    if dropout < _LARGE_DROPOUT:
        yield Suggestion("use more dropout", f"model.dropout={min(_LARGE_DROPOUT, dropout + 0.2):g}")
    elif not l2:
        yield Suggestion("penalise large weights", "model.l2=1e-4")


def less_regularisation(*, l2: float, dropout: float = 0) -> Iterator[Suggestion]:
    """Yield no penalty, or less dropout where there is none."""
    if l2:
        yield Suggestion("do not penalise large weights", "model.l2=0")
    elif dropout > _SMALL_DROPOUT:
        yield Suggestion("use less dropout", f"model.dropout={dropout / 2:g}")


def other_capacity(config: Component, key: str, misfit: Misfit) -> Iterator[Suggestion]:
    """Yield half the sizes in the list at `key`, or twice; nothing where that changes nothing or is refused."""
    size, factor = ("smaller", 0.5) if misfit == "overfitting" else ("larger", 2)
    sizes = tuple(max(1, int(size * factor)) for size in getattr(config, key))
    if sizes != getattr(config, key) and _is_accepted(config, key, sizes):
        yield Suggestion(f"use a {size} model", f"model.{key}=[{','.join(map(str, sizes))}]")


def _is_accepted(config: Component, key: str, value: object) -> bool:
    try:
        type(config).model_validate({**config.model_dump(), key: value})
    except ValidationError:
        return False
    return True
