from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from mnist_trainer.config.json_schema import config_json_schema
from mnist_trainer.config.shipped import shipped_folder, shipped_names
from mnist_trainer.config.yaml12 import Loader

SHIPPED = [shipped_folder() / f"{name}.yaml" for name in (*shipped_names("train"), *shipped_names("tune"))]


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(config_json_schema())
    return Draft202012Validator(config_json_schema())


def read(text: str) -> Any:
    return yaml.load(text, Loader=Loader12)  # noqa: S506 - Loader12 is a SafeLoader


class Loader12(Loader):
    """Our loader, its scalars constructed by PyYAML: what an editor's YAML 1.2 reader sees."""


Loader12.add_constructor("tag:yaml.org,2002:float", lambda _, node: float(node.value))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_config_validates_against_the_schema(path: Path, validator: Draft202012Validator) -> None:
    assert list(validator.iter_errors(read(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "text",
    [
        "epochs: 3",
        "train: {epohcs: 3}",
        "train: {epochs: 0}",
        "model: {name: covn}",
        "model: {name: dense, filters: [3]}",
        "model: {filters: [3]}",
        "train: {optimizer: {name: sgd, beta_1: 0.5}}",
        "train: {schedule: {name: cosine, factor: 0.5}}",
        "train: {precision: fast}",
        "model: {name: conv, filters: []}",
        "export: {formats: [onxx]}",
        "export: {formats: litert}",
        "search: {space: {model.unit: {choice: [[3]]}}}",
        "search: {space: {data.path: {choice: [a]}}}",
        "search: {space: {model.dropout: {low: 0}}}",
        "search: {space: {model.dropout: {}}}",
        "search: {space: {model.dropout: {choice: [0], low: 0, high: 1}}}",
        "search: {method: grd}",
        "search: {objective: [accuracy, size]}",
    ],
)
def test_schema_refuses_what_the_loader_refuses(text: str, validator: Draft202012Validator) -> None:
    assert list(validator.iter_errors(read(text))) != []


@pytest.mark.parametrize(
    "text",
    [
        "model: {units: [3]}",
        "train: {optimizer: {learning_rate: 1e-2}}",
        "train: {early_stopping: null, steps_per_execution: 3, jit_compile: false}",
        "model: {name: conv, filters: [3], batch_normalization: true}",
        "export: {formats: [litert]}",
        "export: {formats: [{name: litert}]}",
        "export: {formats: []}",
        "search: {space: {model.dropout: {low: 0, high: 0.5, step: 0.1}, model.units: {choice: [[3], [4]]}}}",
        "search: {space: {train.optimizer.momentum: {low: 0.5, high: 0.9}}, objective: [accuracy, parameters]}",
        "search: null",
    ],
)
def test_schema_takes_what_the_loader_takes(text: str, validator: Draft202012Validator) -> None:
    assert list(validator.iter_errors(read(text))) == []


def test_every_key_is_described() -> None:
    schema = config_json_schema()
    sections = [schema, *schema["$defs"].values()]
    missing = [
        key for section in sections for key, value in section["properties"].items() if "description" not in value
    ]
    assert missing == []
