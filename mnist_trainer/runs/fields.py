"""Types of what reports hold, with bounds that are checked when a report is read back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from mnist_trainer.errors import RunError

Read = TypeVar("Read")
Fraction = Annotated[float, Field(ge=0, le=1)]
# Of what is measured nothing is larger than a float32; sums and products of such numbers are finite.
Number = Annotated[float, Field(ge=0, le=3.5e38)]
Count = Annotated[int, Field(ge=0, le=10**15)]


def validated(kind: type[Read], value: Any, path: Path) -> Read:
    """Return plain values, which `path` holds, as an object of this kind.

    Raises:
        RunError: they do not make one.
    """
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "its value"
        raise RunError(f"{path}: not what a run writes: {where}: {fault['msg']}") from error
