from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from mnist_trainer.config.json_schema import config_json_schema
from mnist_trainer.config.load import load_config
from tests.cli.conftest import Invoke
from tests.conftest import Command


def test_check_reports_all_faults_of_all_files(invoke: Invoke) -> None:
    Path("a.yaml").write_text("seed: x\n")
    Path("b.yaml").write_text("train: {epochs: 0}\n")
    result = invoke("config", "check", "a.yaml", "dense", "b.yaml")
    assert result.exit_code == 2
    assert result.stdout == "dense: no fault\n"
    assert result.stderr == (
        "a.yaml:1:7: seed: expected an integer; received 'x'\n"
        "b.yaml:1:17: train.epochs: must be at least 1; received 0\n"
    )


def test_check_misses_data_that_is_not_there(invoke: Invoke) -> None:
    Path("a.yaml").write_text("data: {path: absent.npz}\n")
    result = invoke("config", "check", "a.yaml")
    assert result.exit_code == 2
    assert result.stderr == f"a.yaml:1:14: data.path: {Path('absent.npz').absolute()}: no such file or folder\n"
    Path("absent.npz").touch()
    assert invoke("config", "check", "a.yaml").exit_code == 0


def test_standard_input_is_a_configuration(mnist_train: Command) -> None:
    shown = mnist_train("config", "show", "-", stdin="train: {epochs: 3}\n")
    assert "\n  epochs: 3 " in shown.stdout
    faulty = mnist_train("config", "check", "-", stdin="seed: x\n")
    assert (faulty.returncode, faulty.stderr) == (2, "-:1:7: seed: expected an integer; received 'x'\n")


def test_show_layers_is_a_table(invoke: Invoke) -> None:
    lines = invoke("config", "show", "dense", "--layers").stdout.splitlines()
    assert lines[0].split() == ["layer", "output", "parameters", "multiply-adds"]
    # 784 inputs and a bias for each of 128 units; 109,386 parameters are what the chapter's network has.
    assert ["Dense", "128", "100,480", "100,352"] in [line.split() for line in lines]
    assert lines[-1].split() == ["sum", "109,386", "109,184"]


def test_show_prints_a_file_that_loads_the_same(invoke: Invoke) -> None:
    result = invoke("config", "show", "conv", "--set", "train.epochs=2")
    Path("shown.yaml").write_text(result.stdout)
    assert load_config("shown.yaml") == load_config("conv", ["train.epochs=2"])


def test_init_starts_a_file_and_says_what_to_do_next(invoke: Invoke) -> None:
    result = invoke("config", "init", "conv", "-o", "mine.yaml")
    schema = "mnist-train.schema.json beside it, with which editors complete its keys"
    assert result.output == f"wrote mine.yaml, and {schema}\nnext   edit it, then: mnist-train train mine.yaml\n"
    assert yaml.safe_load(Path("mine.yaml").read_text())["model"]["name"] == "conv"
    assert "\n# mnist-train train mine.yaml " in Path("mine.yaml").read_text()
    assert invoke("config", "init").exit_code == 0
    assert invoke("config", "init").exit_code == 2
    assert Path("dense.yaml").is_file()


@pytest.mark.parametrize(("name", "typed"), [("my conv.yaml", "'my conv.yaml'"), ("a\nb.yaml", "ab.yaml")])
def test_init_names_the_copy_in_its_comment(name: str, typed: str, invoke: Invoke) -> None:
    assert invoke("config", "init", "conv", "-o", name).exit_code == 0
    text = Path(name).read_text()
    assert f"\n# mnist-train train {typed} " in text
    assert "configs/" not in text
    assert load_config(name) == load_config("conv").model_copy(update={"name": load_config(name).name})


def test_check_says_what_a_search_comes_to(invoke: Invoke) -> None:
    dropout = "model.dropout: {low: 0, high: 0.3, step: 0.1}"
    Path("a.yaml").write_text(f"search: {{space: {{{dropout}}}}}\n")
    Path("b.yaml").write_text(f"search: {{method: grid, space: {{{dropout}, train.epochs: {{low: 1, high: 5}}}}}}\n")
    assert invoke("config", "check", "a.yaml", "b.yaml").stdout.splitlines() == [
        "a.yaml: no fault; a search over 1 parameter",
        "b.yaml: no fault; a search over 2 parameters, a grid of 20 points",
    ]
    assert invoke("config", "check", "b.yaml", "--set", "search.trials=8").stdout == (
        "b.yaml: no fault; a search over 2 parameters, a grid of 20 points, 8 tried\n"
    )


def test_check_counts_the_faults_that_it_does_not_tell(invoke: Invoke) -> None:
    Path("a.yaml").write_text("".join(f"k{number}: 1\n" for number in range(23)))
    lines = invoke("config", "check", "a.yaml").stderr.splitlines()
    assert lines[1].startswith("a.yaml:2:1: k1: unknown key")
    assert lines[20:] == ["… and 3 more"]


def test_init_of_a_search_says_that_it_is_tuned(invoke: Invoke) -> None:
    assert invoke("config", "init", "search_dense").output.endswith(
        "\nnext   edit it, then: mnist-train tune search_dense.yaml\n"
    )
    assert invoke("config", "check", "search_dense.yaml").exit_code == 0


def test_schema_is_json(invoke: Invoke) -> None:
    assert json.loads(invoke("config", "schema").stdout) == config_json_schema()
