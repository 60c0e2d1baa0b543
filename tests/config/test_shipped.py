from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mnist_trainer.compression.plan import load_plan
from mnist_trainer.config.json_schema import config_json_schema
from mnist_trainer.config.load import load_config
from mnist_trainer.config.shipped import copy_shipped, purpose_of, shipped_folder, shipped_names
from mnist_trainer.errors import ConfigError


def test_the_three_configurations_of_the_chapter_are_shipped() -> None:
    assert {"conv", "dense", "linear"} <= set(shipped_names())


@pytest.mark.parametrize("name", shipped_names())
def test_header_says_what_it_is_the_command_and_what_to_expect(name: str) -> None:
    lines = (shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    header = [line for line in lines if line.startswith("#")]
    assert lines[: len(header)] == header
    purpose = purpose_of(name)
    command = rf"mnist-train {purpose} (latest )?configs/{name}\.yaml"
    assert any(re.search(command, line) and (purpose != "train" or "%" in line) for line in header)


@pytest.mark.parametrize("name", [*shipped_names("train"), *shipped_names("tune")])
def test_searches_are_told_by_their_name(name: str) -> None:
    assert (purpose_of(name) == "tune") is (load_config(name).search is not None)


@pytest.mark.parametrize("name", shipped_names("compress"))
def test_plans_are_told_by_their_name(name: str) -> None:
    assert load_plan(name).variants


@pytest.mark.parametrize("name", [*shipped_names("train"), *shipped_names("tune")])
def test_bare_name_and_file_are_the_same(name: str) -> None:
    assert load_config(name) == load_config(shipped_folder() / f"{name}.yaml")
    assert load_config(name).name == name


def test_a_file_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dense").write_text("seed: 42")
    assert load_config("dense").seed == 42


def test_a_folder_of_that_name_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dense").mkdir()
    assert load_config("dense").name == "dense"


def test_copy_is_the_file_itself_and_overwrites_nothing(tmp_path: Path) -> None:
    target = tmp_path / "mine.yaml"
    assert copy_shipped("conv", target) == target
    first, *rest = target.read_text().splitlines()
    assert first == "# yaml-language-server: $schema=mnist-train.schema.json"
    assert json.loads((tmp_path / "mnist-train.schema.json").read_text()) == config_json_schema()
    shipped = (shipped_folder() / "conv.yaml").read_text()
    assert rest == shipped.replace("configs/conv.yaml", str(target)).splitlines()
    with pytest.raises(ConfigError, match=r"mine\.yaml: exists; choose another file with -o"):
        copy_shipped("dense", target)
    with pytest.raises(ConfigError, match=r"cannot be written: No such file or directory"):
        copy_shipped("dense", tmp_path / "absent" / "x.yaml")
    with pytest.raises(ConfigError, match="no shipped configuration is called 'covn'; did you mean 'conv'"):
        copy_shipped("covn", tmp_path / "y.yaml")
