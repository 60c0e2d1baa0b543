"""Search files that cannot be: each fault is one sentence, with its line and column, before anything is trained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.search.corners import MAX_CORNERS
from mnist_trainer.config.search.faults import check_search
from mnist_trainer.errors import ConfigError


def faults(text: str, folder: Path) -> list[str]:
    (folder / "x.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(folder / "x.yaml")
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


# What is wrong in parameters of a search that starts from `dense`; the first stands in line 3, from column 5.
PARAMETERS = [
    ("model.unit: {choice: [[3]]}", "3:17: search.space.model.unit: unknown key; did you mean 'model.units'?"),
    ("lr: {low: 1, high: 2}", "3:9: search.space.lr: unknown key; did you mean 'train.optimizer.learning_rate'?"),
    (
        "model: {units: {choice: [[3]]}}",
        "3:13: search.space.model.units: unknown key; with dots it is one: model.units",
    ),
    ("qqq: {choice: [1]}", "3:10: search.space.qqq: unknown key; all are shown by: config show"),
    (
        "seed: {low: 0, high: 9}",
        "3:11: search.space.seed: cannot be searched: the best seed is luck; search.confirm_seeds trains the winner "
        "with several",
    ),
    (
        "data.path: {choice: [a, b]}",
        "3:16: search.space.data.path: cannot be searched: trials are compared on the same examples",
    ),
    (
        "data.validation_fraction: {low: 0.1, high: 0.5}",
        "3:31: search.space.data.validation_fraction: cannot be searched: trials are compared on the same examples",
    ),
    (
        "export.formats: {choice: [[], [litert]]}",
        "3:21: search.space.export.formats: cannot be searched: it changes nothing that trials are compared by",
    ),
    (
        "search.trials: {choice: [3]}",
        "3:20: search.space.search.trials: cannot be searched: it changes nothing that trials are compared by",
    ),
    (
        "augment: {choice: [{}]}",
        "3:14: search.space.augment: is a section; search keys inside it, such as augment.shift",
    ),
    (
        "model.filters: {choice: [[3]]}",
        "3:20: search.space.model.filters: is a key of conv, and model.name is dense; search model.name too, or change "
        "it",
    ),
    (
        "train.optimizer.name: {choice: [adam, lion]}\ntrain.optimizer.momentum: {low: 0, high: 0.9}",
        "4:31: search.space.train.optimizer.momentum: is a key of rmsprop, sgd, and train.optimizer.name is adam or "
        "lion; search train.optimizer.name too, or change it",
    ),
    (
        "model.name: {choice: [dense, dnse]}",
        "3:34: search.space.model.name.choice.1: unknown name 'dnse'; did you mean 'dense'?",
    ),
    ("model.name: {low: 0, high: 1}", "3:17: search.space.model.name: expected a choice of conv, dense, linear"),
    ("model.dropout: {}", "3:20: search.space.model.dropout: expected a choice of values, or low and high"),
    ("model.dropout: 0.5", "3:20: search.space.model.dropout: expected a section with keys; received 0.5"),
    ("model.dropout: {low: 0}", "3:20: search.space.model.dropout: lacks high"),
    ("model.dropout: {choice: []}", "3:29: search.space.model.dropout.choice: must have 1 or more items; received []"),
    (
        "model.dropout: {choices: [0]}",
        "3:21: search.space.model.dropout.choices: unknown key; did you mean 'choice'?",
    ),
    (
        "model.dropout: {choice: [0, 0.1, 0.0]}",
        "3:38: search.space.model.dropout.choice.2: 0.0 is there twice; delete one of the two",
    ),
    (
        "model.dropout: {choice: [0], high: 0.5}",
        "3:40: search.space.model.dropout.high: does not go with choice; leave out one of the two",
    ),
    (
        "model.dropout: {choice: [0], low: 0}",
        "3:39: search.space.model.dropout.low: does not go with choice; leave out one of the two",
    ),
    ("model.dropout: {low: a, high: 1}", "3:26: search.space.model.dropout.low: expected a number; received 'a'"),
    (
        "model.dropout: {low: 0, high: .inf}",
        "3:35: search.space.model.dropout.high: expected a finite number; received inf",
    ),
    (
        "model.dropout: {low: 0.5, high: 0.1}",
        "3:26: search.space.model.dropout.low: must be at most high, 0.1; received 0.5",
    ),
    (
        "model.l2: {low: 0, high: 1, log: true}",
        "3:21: search.space.model.l2.low: must be above 0, because log is true; received 0",
    ),
    (
        "model.l2: {low: 0.1, high: 1, log: true, step: 0.1}",
        "3:52: search.space.model.l2.step: does not go with log; leave out one of the two",
    ),
    (
        "model.dropout: {low: 0, high: 0.5, step: 0}",
        "3:46: search.space.model.dropout.step: must be above 0; received 0",
    ),
    (
        "model.dropout: {low: 0, high: 0.5, step: 0.6}",
        "3:46: search.space.model.dropout.step: is longer than from 0 to 0.5; received 0.6",
    ),
    (
        "model.dropout: {low: 0, high: 0.5, step: 0.3}",
        "3:46: search.space.model.dropout.step: leads from 0 to 0.3 and 0.6, past 0.5; let high be one of them; "
        "received 0.3",
    ),
    (
        "model.dropout: {low: 0, high: 0.5, step: 1e-9}",
        "3:46: search.space.model.dropout.step: makes more than 1,000,000 steps from 0 to 0.5; leave it out; "
        "received 1e-09",
    ),
    ("model.dropout: {low: 0, high: 1.5}", "3:35: search.space.model.dropout.high: must be below 1; received 1.5"),
    (
        "model.dropout: {choice: [0, 0.1, 2]}",
        "3:38: search.space.model.dropout.choice.2: must be below 1; received 2",
    ),
    (
        "model.units: {choice: [[64], [128, 0]]}",
        "3:40: search.space.model.units.choice.1.1: must be at least 1; received 0",
    ),
    ("train.epochs: {low: 0, high: 3}", "3:25: search.space.train.epochs.low: must be at least 1; received 0"),
    (
        "train.epochs: {low: 1.5, high: 3}",
        "3:25: search.space.train.epochs.low: expected an integer, which train.epochs is; received 1.5",
    ),
    (
        "model.activation: {low: 0, high: 1}",
        "3:23: search.space.model.activation: has no numbers between low and high; list what to try: "
        "{choice: [elu, gelu, relu, sigmoid, silu, tanh]}",
    ),
    (
        "train.optimizer: {choice: [{name: adam}, {name: sgd, beta_1: 0}]}",
        "3:66: search.space.train.optimizer.choice.1.beta_1: unknown key; allowed: name, learning_rate, momentum, "
        "nesterov",
    ),
    (
        "train.optimizer: {choice: [{}]}\ntrain.optimizer.learning_rate: {low: 0.1, high: 1}",
        "4:36: search.space.train.optimizer.learning_rate: lies in train.optimizer, which is searched as a whole; "
        "leave out one of the two",
    ),
    (
        "model.name: {choice: [conv, dense]}\nmodel.activation: {choice: [relu, gelu]}",
        "4:39: search.space.model.activation.choice.1: with model.name='conv': expected 'relu', 'elu', 'tanh' or "
        "'sigmoid'; received 'gelu'; did you mean 'elu'?",
    ),
    (
        "model.units: {choice: [[64], [65536, 65536]]}",
        "3:34: search.space.model.units.choice.1: makes a model of 4,346,478,592 parameters; at most 25,000,000 are "
        "trained",
    ),
]


@pytest.mark.parametrize(("parameters", "fault"), PARAMETERS, ids=[text for text, _ in PARAMETERS])
def test_fault_of_a_parameter_is_one_sentence_at_its_value(parameters: str, fault: str, tmp_path: Path) -> None:
    lines = ["search:", "  space:", *(f"    {line}" for line in parameters.split("\n"))]
    assert faults("\n".join(lines), tmp_path) == [f"x.yaml:{fault}"]


SPACE = "search:\n  space: {model.l2: {low: 1e-5, high: 1e-3}}\n"
# What is wrong in the settings of a search that has this space; the first stands in line 3, from column 3.
SETTINGS = [
    (
        "method: grd",
        "3:11: search.method: expected 'grid', 'random', 'tpe', 'gp', 'cma_es' or 'nsga2'; received 'grd'; did you "
        "mean 'grid'?",
    ),
    ("method: grid", "2:21: search.space.model.l2: a grid needs a step, or a choice of values"),
    ("method: cma_es", "3:11: search.method: cma_es needs two parameters or more; use tpe"),
    ("trials: 0", "3:11: search.trials: must be at least 1; received 0"),
    ("trails: 3", "3:3: search.trails: unknown key; did you mean 'trials'?"),
    ("time_limit_minutes: 0", "3:23: search.time_limit_minutes: must be above 0; received 0"),
    (
        "objective: acuracy",
        "3:14: search.objective: expected 'accuracy', 'loss', 'parameters', 'latency' or 'file_size' or a list; "
        "received 'acuracy'; did you mean 'accuracy'?",
    ),
    (
        "objective: []",
        "3:14: search.objective: must have 1 or more items, or 'accuracy', 'loss', 'parameters', 'latency' or "
        "'file_size'; received []",
    ),
    (
        "objective: [accuracy, accuracy]",
        "3:25: search.objective.1: accuracy is there twice; delete one of the two",
    ),
    (
        "objective: [accuracy, latency]\nfolds: 3",
        "4:10: search.folds: trains several models, and latency is measured of one; use null here",
    ),
    (
        "objective: latency",
        "3:14: search.objective: finds the smallest or fastest network, whatever it predicts; add accuracy",
    ),
    (
        "objective: [accuracy, parameters]\npruning: median",
        "4:12: search.pruning: ends trials by one objective, and there are 2; use null here",
    ),
    (
        "pruning: wilcoxon",
        "3:12: search.pruning: wilcoxon compares fold by fold, and search.folds is null; use 5 there, or median here",
    ),
    ("folds: 1", "3:10: search.folds: must be at least 2; received 1"),
    ("keep: -1", "3:9: search.keep: must be at least 0; received -1"),
    ("confirm_seeds: 1", "3:18: search.confirm_seeds: one seed does not tell luck from gain; use 2 or more, or 0"),
    (
        "folds: null\ndata: {validation_fraction: 0}",
        "3:10: search.folds: trials are compared on held-out examples, and data.validation_fraction is 0; use 0.1 "
        "there, or folds: 5 here",
    ),
    (
        "pruning: median\ntrain: {epochs: 1}",
        "3:12: search.pruning: has nothing to end early: train.epochs is 1; use null here",
    ),
    (
        "confirm_seeds: 3\nseed: 4294967294",
        "3:18: search.confirm_seeds: counts up from seed 4294967294, beyond 4294967295",
    ),
]
_AT_TOP = ("data:", "train:", "seed:")


def with_settings(settings: str) -> str:
    lines = (line if line.startswith(_AT_TOP) else f"  {line}" for line in settings.split("\n"))
    return SPACE + "\n".join(lines) + "\n"


@pytest.mark.parametrize(("settings", "fault"), SETTINGS, ids=[text for text, _ in SETTINGS])
def test_fault_of_a_setting_is_one_sentence_at_its_value(settings: str, fault: str, tmp_path: Path) -> None:
    assert faults(with_settings(settings), tmp_path) == [f"x.yaml:{fault}"]


@pytest.mark.parametrize("text", ["search: {}", "search: {space: {}}", "search:\n  space:\n    # model.l2: {low: 0}\n"])
def test_space_without_parameters_is_a_fault(text: str, tmp_path: Path) -> None:
    (fault,) = faults(text, tmp_path)
    assert "search.space: is empty; name at least one key to search, as in train.optimizer.learning_rate: {" in fault


def test_cma_es_takes_no_choice_and_one_objective(tmp_path: Path) -> None:
    text = (
        "search:\n  method: cma_es\n  objective: [accuracy, loss]\n  space:\n"
        "    model.dropout: {choice: [0, 0.5]}\n    model.l2: {low: 0, high: 1}\n"
    )
    assert faults(text, tmp_path) == [
        "x.yaml:2:11: search.method: cma_es takes one objective; for several use nsga2 or tpe",
        "x.yaml:5:29: search.space.model.dropout.choice: cma_es takes numbers alone, from low to high; for a choice "
        "use tpe",
    ]


def test_gp_takes_no_key_that_only_some_trials_have(tmp_path: Path) -> None:
    text = (
        "search:\n  method: gp\n  space:\n    train.optimizer.name: {choice: [adam, sgd]}\n"
        "    train.optimizer.momentum: {low: 0, high: 0.9}\n    train.optimizer.learning_rate: {low: 0.1, high: 1}\n"
    )
    (fault,) = faults(text, tmp_path)
    assert fault == (
        "x.yaml:5:31: search.space.train.optimizer.momentum: is not a key of all trials, and gp would draw it at "
        "random; use tpe"
    )


def test_grid_that_is_too_large_for_all_of_it_may_be_tried_in_part(tmp_path: Path) -> None:
    text = (
        "search:\n  method: grid\n  space:\n    train.batch_size: {low: 1, high: 1000}\n"
        "    train.epochs: {low: 1, high: 1000}\n"
    )
    (fault,) = faults(text, tmp_path)
    assert fault == (
        "x.yaml:2:11: search.method: the grid has 1,000,000 points; use larger steps, at most 100,000 trials, or tpe"
    )
    (tmp_path / "x.yaml").write_text(f"{text}  trials: 10\n")
    assert load_config(tmp_path / "x.yaml").search is not None


CONV = """\
model: {name: conv}
search:
  space:
    model.filters: {choice: [[8, 16], [8, 16, 32]]}
    model.kernel_size: {low: 2, high: 5}
    model.dropout: {low: 0, high: 0.5}
"""


def test_corner_names_the_parameters_that_would_heal_it_and_no_others(tmp_path: Path) -> None:
    # 28 − 4 → 12 − 4 → 4 pixels, on which a third kernel of 5 does not fit: with two convolutions it would.
    assert faults(CONV, tmp_path) == [
        "x.yaml:5:39: search.space.model.kernel_size.high: with model.filters=[8, 16, 32]: 5 does not fit: layer conv3 "
        "would put a window of 5×5 pixels on a map of 4×4; use a smaller kernel_size or fewer filters"
    ]


def test_corner_that_the_start_takes_part_in(tmp_path: Path) -> None:
    text = "model: {name: conv, kernel_size: [3, 3]}\nsearch:\n  space:\n    model.filters: {choice: [[8, 16], [8]]}\n"
    assert faults(text, tmp_path) == [
        "x.yaml:4:39: search.space.model.filters.choice.1: model.kernel_size: has 2 items, but there are 1 "
        "convolutions; use as many, or one value"
    ]


def test_lists_that_fit_each_other_are_no_fault_though_they_do_not_fit_the_start(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "model: {name: conv, kernel_size: [3, 3]}\nsearch:\n  space:\n"
        "    model.filters: {choice: [[8, 16, 16], [8, 8, 8]]}\n    model.kernel_size: {choice: [[3, 3, 3], 3]}\n"
    )
    assert load_config(tmp_path / "x.yaml").search is not None


def test_of_more_corners_than_are_tried_each_value_is_in_some(tmp_path: Path) -> None:
    keys = ["rotate", "zoom", "shear", "elastic", "shift"]
    ranges = "".join(f"    augment.{key}: {{choice: [0, 0.1, 0.2, 0.3, 0.4]}}\n" for key in keys)
    assert 5 ** len(keys) > MAX_CORNERS
    text = f"search:\n  space:\n{ranges}    model.units: {{choice: [[1], [2], [3], [60000, 60000]]}}\n"
    (fault,) = faults(text, tmp_path)
    assert fault.startswith("x.yaml:8:43: search.space.model.units.choice.3: makes a model of 3,647,160,000 parameters")


def test_faults_of_the_search_come_with_those_of_the_rest_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        "train: {epohcs: 3}\nsearch:\n  space:\n    model.unit: {choice: [[3]]}\n    model.l2: {low: 1, high: 0}\n"
        "    model.dropout: {low: x, high: 1}\n  trials: 0\nseed: -1\n"
    )
    assert [fault.split(": ")[:2] for fault in faults(text, tmp_path)] == [
        ["x.yaml:1:9", "train.epohcs"],
        ["x.yaml:4:17", "search.space.model.unit"],
        ["x.yaml:5:21", "search.space.model.l2.low"],
        ["x.yaml:6:26", "search.space.model.dropout.low"],
        ["x.yaml:7:11", "search.trials"],
        ["x.yaml:8:7", "seed"],
    ]


def test_override_reaches_a_parameter_and_is_where_its_fault_is(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("search: {space: {model.dropout: {low: 0, high: 0.5}}}")
    config = load_config(
        tmp_path / "x.yaml", ["search.space.model.dropout.high=0.4", "search.space.model.l2.choice=[0]"]
    )
    assert config.search is not None
    assert config.search.space["model.dropout"].high == 0.4
    assert config.search.space["model.l2"].choice == (0,)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "x.yaml", ["search.space.model.dropout.high=1"])
    assert str(caught.value) == (
        "--set search.space.model.dropout.high=1: search.space.model.dropout.high: must be below 1; received 1.0"
    )


def test_search_made_in_python_is_checked_too(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(SPACE)
    config = load_config(tmp_path / "x.yaml")
    check_search(config)
    assert config.search is not None
    without_space = config.model_copy(update={"search": config.search.model_copy(update={"space": {}})})
    with pytest.raises(ConfigError, match=r"^search\.space: is empty"):
        check_search(without_space)


def test_bad_searches_end_with_2_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    texts = [f"search:\n  space:\n    {text.replace(chr(10), chr(10) + '    ')}\n" for text, _ in PARAMETERS]
    texts += [CONV, *(with_settings(text) for text, _ in SETTINGS)]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.yaml").write_text(text)
    code = (
        "import sys; from mnist_trainer.cli.main import main\n"
        f"for number in range({len(texts)}):\n"
        "    try: main(['train', f'{number}.yaml'])\n"
        "    except SystemExit as end: print(end.code)\n"
        "print(*{'tensorflow', 'keras', 'optuna'} & set(sys.modules))"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert process.stdout.split() == ["2"] * len(texts)
    assert len(texts) >= 50
    assert process.stderr.count("\n") == len(texts)
