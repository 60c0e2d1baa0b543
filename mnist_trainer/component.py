"""What sections of the configuration have in common, and how a component is found by its name.

A component (an architecture, an optimiser, a schedule) is a module in a package; its file's name is the name that
YAML uses. The module holds a `Config` (a `Component`) and a `build` function. Nothing is registered anywhere else.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, create_model
from pydantic_core import PydanticCustomError

from mnist_trainer.files.limits import MAX_EPOCHS, MAX_PARAMETERS
from mnist_trainer.files.modules import component_module, component_names, found_modules

Count = Annotated[int, Field(ge=1)]
Epoch = Annotated[int, Field(ge=1, le=MAX_EPOCHS)]
Units = Annotated[int, Field(ge=1, le=65_536)]
Fraction = Annotated[float, Field(ge=0, le=1)]
FractionBelowOne = Annotated[float, Field(ge=0, lt=1)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
# Neither nothing nor endless as a float32.
Small = Annotated[float, Field(ge=1e-30, le=1)]
Penalty = Annotated[float, Field(ge=0, le=1_000)]
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

    Pydantic can do this for every class when it is made, which took a sixth of the time of `config check`. A section
    whose keys were found has none; its fields have the sentences.
    """
    if section.__module__ == __name__:
        return {key: field.description or "" for key, field in section.model_fields.items()}
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


def component_config(package: str, name: str) -> type[Component]:
    """Return the section of a component, which a folder may keep in its config.py."""
    module = component_module(package, name)
    config: type[Component] = getattr(module, "Config", None) or component_module(module.__name__, "config").Config
    return config


def default_section(package: str, name: str) -> Any:
    """Return the section of the component `name` with every key at its default."""
    return component_config(package, name).model_validate({"name": name})


def component_union(package: str, *, default: str) -> Any:
    """Return a type for pydantic: any component of `package`, told apart by `name`; without one it is `default`."""

    def name_of(value: Any) -> str:
        """Return the name that a section gives, or the default."""
        return str(value.get("name", default) if isinstance(value, dict) else getattr(value, "name", default))

    names = component_names(package)
    # Annotated[X, Tag("x")] cannot be written for names known only at run time, hence the call.
    members = [Annotated[component_config(package, name), Tag(name)] for name in names]
    return Annotated[reduce(or_, members), Discriminator(name_of)]


def flags(package: str, definition: str) -> Any:
    """Return a section with a boolean for each module of `package`, whose docstring says what it is for.

    Args:
        package: whose modules are found.
        definition: the name of a constant that each of them has, the boolean's default.
    """
    modules = found_modules(package, f"{definition} = ")
    fields: dict[str, Any] = {
        name: (bool, Field(getattr(module, definition), description=(module.__doc__ or "").splitlines()[0]))
        for name, module in modules.items()
    }
    return create_model("Flags", __base__=Section, __module__=__name__, **fields)


def component_list(package: str, *, default: str) -> Any:
    """Return a type for pydantic: components of `package`, each a section, or a name where its keys are defaults."""
    section: Any = component_union(package, default=default)
    names: Any = Literal[tuple(component_names(package))]
    as_section = BeforeValidator(
        lambda value: {"name": value} if isinstance(value, str) else value, json_schema_input_type=names | section
    )
    item: Any = Annotated[section, as_section]
    return tuple[item, ...]
