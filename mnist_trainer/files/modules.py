"""Modules that are found by their files: a new file in a package is a new component, and nothing is registered."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from mnist_trainer.errors import MissingExtra

# Where a folder's definitions may stand.
_FILES_OF_FOLDER = ("__init__.py", "config.py")


def component_names(package: str, definition: str = "class Config(") -> list[str]:
    """Return the names of the components in `package`, e.g. `mnist_trainer.models`, in alphabetical order.

    Neither they nor the package are imported for it.

    Args:
        package: whose files, or folders, are components.
        definition: how a line begins that every component has, and nothing else in the package.
    """
    found = set()
    spec = importlib.util.find_spec(package)
    for folder in map(Path, (spec and spec.submodule_search_locations) or ()):
        sources = [(path.stem, path) for path in folder.glob("*.py")]
        sources += [(path.parent.name, path) for name in _FILES_OF_FOLDER for path in folder.glob(f"*/{name}")]
        found |= {name for name, path in sources if f"\n{definition}" in path.read_text(encoding="utf-8")}
    return sorted(found)


def found_modules(package: str, definition: str) -> dict[str, ModuleType]:
    """Return the components in `package` by name; arguments are those of `component_names`."""
    return {name: component_module(package, name) for name in component_names(package, definition)}


def component_module(package: str, name: str) -> ModuleType:
    """Return the module that holds the component `name` of `package`."""
    return importlib.import_module(f"{package}.{name}")


def require_packages(purpose: str, extra: str, packages: Sequence[str]) -> None:
    """Raise unless packages are installed, without importing them.

    Args:
        purpose: what they are for; begins the message.
        extra: that of pyproject.toml which brings them.
        packages: the names that they are imported by.

    Raises:
        MissingExtra: some are not there.
    """
    missing = " and ".join(package for package in packages if importlib.util.find_spec(package) is None)
    if missing:
        raise MissingExtra(f"{purpose} needs {missing}; install it with: pip install 'mnist-train[{extra}]'")
