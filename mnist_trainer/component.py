"""What sections of the configuration have in common, and how a component is found by its name.

A component (an architecture, an optimiser, a schedule) is a module in a package; its file's name is the name that
YAML uses. The module holds a `Config` (a `Component`) and a `build` function. Nothing is registered anywhere else.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import or_
from types import ModuleType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

# A row for each fits into the files of a run, which are read within bounds.
MAX_EPOCHS = 10_000

Count = Annotated[int, Field(ge=1)]
Epoch = Annotated[int, Field(ge=1, le=MAX_EPOCHS)]
Units = Annotated[int, Field(ge=1, le=65_536)]
Fraction = Annotated[float, Field(ge=0, le=1)]
FractionBelowOne = Annotated[float, Field(ge=0, lt=1)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
# Weights of 100 MB; with gradients, moments and the best ones so far training takes five times that.
MAX_PARAMETERS = 25_000_000
StepLength = Annotated[float, Field(gt=0, le=100)]

# What a component can be asked to suggest something against.
Misfit = Literal["overfitting", "underfitting"]


@dataclass(frozen=True)
class Suggestion:
    """Something to try.

    Attributes:
        why: what it is for, the beginning of a sentence.
        overrides: what to put behind `--set`.
    """

    why: str
    overrides: str


class Section(BaseModel):
    """One mapping of the YAML file: frozen, without conversions, and without keys it does not know."""

    model_config = ConfigDict(
        extra="forbid",
        defer_build=True,
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        validate_default=False,
        model_title_generator=lambda cls: (
            cls.__module__.rpartition(".")[2] if cls.__name__ == "Config" else cls.__name__
        ),
    )


def key_descriptions(section: type[Section]) -> dict[str, str]:
    """Return the sentence that stands under each key in the source of `section`.

    Pydantic can do this for every class when it is made, which took a sixth of the time of `config check`.
    """
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(section))).body
    statements: list[Any] = getattr(tree, "body", [])
    pairs = ((key, text) for key, text in pairwise(statements) if isinstance(key, ast.AnnAssign))
    return {ast.unparse(key.target): ast.literal_eval(text.value) for key, text in pairs if isinstance(text, ast.Expr)}


class Component(Section):
    """A section whose `name` selects the module that reads the other keys."""

    name: str
    """Which component."""


def check_num_parameters(num_parameters: int, key: str) -> None:
    """Raise what pydantic takes for a fault of `key` if a model has more parameters than are ever needed here."""
    if num_parameters > MAX_PARAMETERS:
        message = f"makes a model of {num_parameters:,} parameters; at most {MAX_PARAMETERS:,} are trained"
        raise PydanticCustomError("combination", "{message}", {"message": message, "key": key})


def component_names(package: str) -> list[str]:
    """Return the names of the components in `package`, e.g. `mnist_trainer.models`, in alphabetical order."""
    path = importlib.import_module(package).__path__
    return sorted(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))


def found_modules(package: str) -> list[ModuleType]:
    """Return the modules in `package`, e.g. the sources of data, in alphabetical order."""
    return [importlib.import_module(f"{package}.{name}") for name in component_names(package)]


def component_module(package: str, name: str) -> ModuleType:
    """Return the module that holds the component `name` of `package`."""
    return importlib.import_module(f"{package}.{name}")


def component_union(package: str, *, default: str) -> Any:
    """Return a type for pydantic: any component of `package`, told apart by `name`; without one it is `default`."""

    def name_of(value: Any) -> str:
        """Return the name that a section gives, or the default."""
        return str(value.get("name", default) if isinstance(value, dict) else getattr(value, "name", default))

    names = component_names(package)
    # Annotated[X, Tag("x")] cannot be written for names known only at run time, hence the call.
    members = [Annotated[component_module(package, name).Config, Tag(name)] for name in names]
    return Annotated[reduce(or_, members), Discriminator(name_of)]
