"""What the README and configs/README.md tell people to type is what the program takes."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

import mnist_trainer
from mnist_trainer.cli.main import main
from mnist_trainer.config.schema import Config
from mnist_trainer.files.modules import component_names

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
TEXTS = README + (ROOT / "configs/README.md").read_text(encoding="utf-8")

COMMANDS = sorted(set(re.findall(r"^    mnist-train (.+)$", TEXTS, re.M)))


@pytest.mark.parametrize("command", COMMANDS)
def test_command_parses(command: str) -> None:
    arguments = shlex.split(command)
    group: click.Command = main
    context = click.Context(main)
    while isinstance(group, click.Group):
        _, command_found, arguments = group.resolve_command(context, arguments)
        assert command_found
        group = command_found
    group.make_context("mnist-train", arguments)


def test_every_command_is_in_the_table() -> None:
    rows = set(re.findall(r"^\| `(config \w+|\w+)[ `\\]", README, re.M))
    config = main.commands["config"]
    assert isinstance(config, click.Group)
    assert rows >= {*main.commands} - {"config"} | {f"config {name}" for name in config.commands}


def test_yaml_of_the_readme_is_a_configuration() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.S)
    values = yaml.safe_load(text.replace("4e-3", "0.004"))
    assert Config.model_validate_json(json.dumps(values)).model.name == "conv"


@pytest.mark.parametrize("package", ["models", "optimizers", "schedules"])
def test_every_name_in_the_yaml_is_a_component(package: str) -> None:
    """The example need not name all components; those that it names must be there."""
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.S)
    names = {name for line in re.findall(r"name: (\w+ +#.*)", text) for name in re.findall(r"[a-z]\w+", line)}
    known = {
        name for kind in ("models", "optimizers", "schedules") for name in component_names(f"mnist_trainer.{kind}")
    }
    assert names - {"or", "and"} <= known
    assert names & set(component_names(f"mnist_trainer.{package}"))


def test_python_of_the_readme_uses_public_names() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    compile(code, "README.md", "exec")
    (imported,) = re.findall(r"from mnist_trainer import (.+)", code)
    assert set(imported.split(", ")) <= set(mnist_trainer.__all__)


def test_every_dependency_has_a_line() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (runtime,) = re.findall(r"^dependencies = \[(.*?)\]", project, re.S | re.M)
    table = CONTRIBUTING.partition("What each dependency is for")[2]
    for name in re.findall(r'"([\w-]+)[>=]', runtime):
        assert re.search(rf"\b{name}\b", table), name


@pytest.mark.parametrize("page", ["README.md", "configs/README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert [
        target for target in re.findall(r"\]\(([^):]+)\)", text) if not (ROOT / page).parent.joinpath(target).exists()
    ] == []
