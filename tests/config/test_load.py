"""From text to `Config`: values, precedence, and every fault with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.schema import Config
from mnist_trainer.config.shipped import shipped_names
from mnist_trainer.config.yaml_source import MAX_BYTES
from mnist_trainer.errors import ConfigError

Write = Callable[[str | bytes], str]

SHIPPED = ", ".join(shipped_names())
SECTIONS = "config_version, name, note, seed, data, model, augment, train, evaluate, export, tensorboard, search"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def write_file(text: str | bytes) -> str:
        Path("x.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return "x.yaml"

    return write_file


def faults(path: str, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    return [str(fault) for fault in caught.value.faults]


def test_defaults_are_the_chapters(write: Write) -> None:
    config = load_config(write("name: x"))
    assert config == Config(name="x")
    assert (config.train.epochs, config.train.batch_size, config.data.validation_fraction) == (10, 128, 0.1)
    assert config.model.model_dump()["units"] == (128, 64)
    assert config.train.optimizer.name == "adam"


def test_override_beats_file_beats_default(write: Write) -> None:
    config = load_config(write("train: {epochs: 5, batch_size: 32}"), ["train.epochs=7", "train.epochs=8"])
    assert (config.train.epochs, config.train.batch_size, config.seed) == (8, 32, 0)


def test_override_makes_sections_and_replaces_them(write: Write) -> None:
    path = write("model: {name: conv, filters: [3]}")
    config = load_config(path, ["model={name: dense, units: [5]}", "train.early_stopping.patience=2"])
    assert config.model.model_dump()["units"] == (5,)
    assert config.train.early_stopping is not None


def test_component_without_name_is_the_default_one(write: Write) -> None:
    assert load_config(write("train: {optimizer: {learning_rate: 1e-2}}")).train.optimizer.name == "adam"


def test_name_comes_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "-my conf, ä.yaml"
    path.write_text("seed: 3")
    assert load_config(path).name == "my-conf"


def test_data_path_becomes_absolute(write: Write, tmp_path: Path) -> None:
    assert load_config(write("data: {path: sub/mnist.npz}")).data.path == str(tmp_path / "sub/mnist.npz")


def test_all_faults_at_once_in_the_order_of_the_file(write: Write) -> None:
    text = "train:\n  epohcs: 3\n  batch_size: 0\nmodel:\n  name: covn\nseed: no\n"
    assert faults(write(text), "train.precision=fast") == [
        "x.yaml:2:3: train.epohcs: unknown key; did you mean 'epochs'?",
        "x.yaml:3:15: train.batch_size: must be at least 1; received 0",
        "x.yaml:5:9: model.name: unknown name 'covn'; did you mean 'conv'?",
        "x.yaml:6:7: seed: expected an integer; received 'no'",
        "--set train.precision=fast: train.precision: expected 'auto', 'float32', 'mixed_bfloat16' or 'mixed_float16'; "
        "received 'fast'",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- a\n", "x.yaml:1:1: expected keys such as 'train:' at the top; received a list"),
        ("hello", "x.yaml:1:1: expected keys such as 'train:' at the top; received a single value"),
        ("seed: 1\nseed: 2\n", "x.yaml:2:1: duplicate key 'seed', first given in line 1; delete one of the two"),
        ("seed: &a 1\n", "x.yaml:1:7: seed: the anchor &a is not supported; write the value itself"),
        ("seed: *a\n", "x.yaml:1:7: seed: the alias *a is not supported; write the value itself"),
        ("seed: !!int 1\n", "x.yaml:1:7: seed: the tag tag:yaml.org,2002:int is not supported; write the value itself"),
        ("seed: !x 1\n", "x.yaml:1:7: seed: the tag !x is not supported; write the value itself"),
        (
            "train:\n  <<: {epochs: 3}\n",
            "x.yaml:2:3: train: the merge key << is not supported; write the keys themselves",
        ),
        ("? [a]\n: 1\n", "x.yaml:1:3: a key must be a word; received a list"),
        ("seed: 1\n---\nseed: 2\n", "x.yaml:2:1: a second document begins here; a file holds one"),
        ("seed: [1\n", "x.yaml:2:1: not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("\tseed: 1\n", "x.yaml:1:1: not valid YAML: found character '\\t' that cannot start any token"),
        ("seed: \0\n", "x.yaml: character number 7, U+0000, is not allowed in YAML; delete it"),
        (b"seed: \xff\n", "x.yaml: byte 7 is not UTF-8; save the file as UTF-8 text"),
        ("a: " + "[" * 99, "x.yaml:1:19: not valid YAML: nested more than 16 deep"),
        ("#" * MAX_BYTES + "\n", "x.yaml: the file is larger than 131,072 bytes; is it a configuration?"),
        ("trian: {}\n", "x.yaml:1:1: trian: unknown key; did you mean 'train'?"),
        (
            "zzz: 1\n",
            f"x.yaml:1:1: zzz: unknown key; allowed: {SECTIONS}",
        ),
        ("epochs: 3\n", "x.yaml:1:1: epochs: unknown key; did you mean 'train.epochs'?"),
        (
            "train: {learning_rate: 3}\n",
            "x.yaml:1:9: train.learning_rate: unknown key; did you mean 'train.optimizer.learning_rate'?",
        ),
        ("model: {unitz: [3]}\n", "x.yaml:1:9: model.unitz: unknown key; did you mean 'units'?"),
        (
            "train: {early_stopping: {patince: 3}}\n",
            "x.yaml:1:26: train.early_stopping.patince: unknown key; did you mean 'patience'?",
        ),
        (
            "train: {name: {}}\n",
            "x.yaml:1:9: train.name: unknown key; did you mean 'name'?",
        ),
        ("train: 3\n", "x.yaml:1:8: train: expected a section with keys; received 3"),
        ("train: [3]\n", "x.yaml:1:8: train: expected a section with keys; received [3]"),
        (
            "model: dense\n",
            "x.yaml:1:8: model: expected a section with keys; received 'dense'; did you mean {name: dense}?",
        ),
        ("train: {epochs: 0}\n", "x.yaml:1:17: train.epochs: must be at least 1; received 0"),
        ("train: {epochs: 1.5}\n", "x.yaml:1:17: train.epochs: expected an integer; received 1.5"),
        ("train: {epochs: true}\n", "x.yaml:1:17: train.epochs: expected an integer; received true"),
        ("seed: -1\n", "x.yaml:1:7: seed: must be at least 0; received -1"),
        ("seed: 4294967296\n", "x.yaml:1:7: seed: must be below 4294967296; received 4294967296"),
        ("data: {validation_fraction: 1}\n", "x.yaml:1:29: data.validation_fraction: must be at most 0.9; received 1"),
        ("data: {path: ~nobody9/x}\n", "x.yaml:1:14: data.path: there is no such home directory"),
        ("data: {path: ''}\n", "x.yaml:1:14: data.path: expected some text; received ''"),
        (
            "train: {optimizer: {learning_rate: .nan}}\n",
            "x.yaml:1:36: train.optimizer.learning_rate: expected a finite number; received nan",
        ),
        (
            "train: {optimizer: {learning_rate: -.inf}}\n",
            "x.yaml:1:36: train.optimizer.learning_rate: expected a finite number; received -inf",
        ),
        (
            "train: {optimizer: {learning_rate: 0}}\n",
            "x.yaml:1:36: train.optimizer.learning_rate: must be above 0; received 0",
        ),
        (
            "train: {optimizer: {learning_rate: '1e-3'}}\n",
            "x.yaml:1:36: train.optimizer.learning_rate: expected a number; received '1e-3'",
        ),
        (
            "train: {steps_per_execution: fats}\n",
            "x.yaml:1:30: train.steps_per_execution: expected 'auto' or an integer; received 'fats'",
        ),
        (
            "train: {optimizer: {name: sgd, beta_1: 0.9}}\n",
            "x.yaml:1:32: train.optimizer.beta_1: unknown key; allowed: name, learning_rate, momentum, nesterov",
        ),
        ("model: {units: []}\n", "x.yaml:1:16: model.units: must have 1 or more items; received []"),
        ("model: {units: [3, x]}\n", "x.yaml:1:20: model.units.1: expected an integer; received 'x'"),
        ("model: {units: 3}\n", "x.yaml:1:16: model.units: expected a list; received 3"),
        ("model: {name: 3}\n", "x.yaml:1:15: model.name: unknown name 3; allowed: conv, dense, linear"),
        (
            "model: {name: dense, activation: rleu}\n",
            "x.yaml:1:34: model.activation: expected 'relu', 'elu', 'gelu', 'silu', 'tanh' or 'sigmoid'; "
            "received 'rleu'; did you mean 'relu'?",
        ),
        (
            "name: a/b\n",
            "x.yaml:1:7: name: expected letters, digits, '.', '_' and '-', at most 64, the first a letter or digit; "
            "received 'a/b'",
        ),
        (
            "model: {name: conv, kernel_size: 20}\n",
            "x.yaml:1:34: model.kernel_size: 20 does not fit: layer conv2 would put a window of 20×20 pixels "
            "on a map of 4×4; use a smaller kernel_size or fewer filters",
        ),
        (
            "data: {validation_fraction: 0}\ntrain:\n  early_stopping: {patience: 2}\n",
            "x.yaml:3:19: train.early_stopping: needs a validation split, but data.validation_fraction is 0; "
            "use 0.1 there, or null here",
        ),
    ],
)
def test_one_fault_is_one_sentence_with_its_place(text: str | bytes, fault: str, write: Write) -> None:
    assert faults(write(text)) == [fault]


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("train.epochs", "--set train.epochs: expected KEY=VALUE, e.g. train.epochs=3"),
        ("=3", "--set =3: expected KEY=VALUE, e.g. train.epochs=3"),
        ("train..epochs=3", "--set train..epochs=3: expected KEY=VALUE, e.g. train.epochs=3"),
        ("seed.x=1", "--set seed.x=1: seed.x: seed is not a section with keys"),
        ("train.epohcs=1", "--set train.epohcs=1: train.epohcs: unknown key; did you mean 'epochs'?"),
        (
            "train.weight_decay=0.1",
            "--set train.weight_decay=0.1: train.weight_decay: unknown key; did you mean "
            "'train.optimizer.weight_decay'?",
        ),
        ("model.l2=1e38", "--set model.l2=1e38: model.l2: must be at most 1000; received 1e+38"),
        (
            "train.optimizer.epsilon=1e-50",
            "--set train.optimizer.epsilon=1e-50: train.optimizer.epsilon: must be at least 1e-30; received 1e-50",
        ),
        (
            "train.clip_norm=1e300",
            "--set train.clip_norm=1e300: train.clip_norm: must be at most 1e+06; received 1e+300",
        ),
        (
            "foo.bar=1",
            f"--set foo.bar=1: foo: unknown key; allowed: {SECTIONS}",
        ),
        (
            "train.lr=1",
            "--set train.lr=1: train.lr: unknown key; did you mean 'train.optimizer.learning_rate'?",
        ),
        (
            "train.optimizer.lr=1",
            "--set train.optimizer.lr=1: train.optimizer.lr: unknown key; did you mean 'learning_rate'?",
        ),
        (
            "train.optimizer=sgd",
            "--set train.optimizer=sgd: train.optimizer: expected a section with keys; received 'sgd'; "
            "did you mean {name: sgd}?",
        ),
        ("seed=[1", "--set seed=[1: seed: the right side is not valid YAML: '[1'"),
        ("seed=", "--set seed=: seed: expected an integer; received null"),
        (
            "train={epochs: 1, epochs: 2}",
            "--set train={epochs: 1, epochs: 2}: train: duplicate key 'epochs'; delete one of the two",
        ),
        ("train={epochs: 0}", "--set train={epochs: 0}: train.epochs: must be at least 1; received 0"),
        ("seed=&a 1", "--set seed=&a 1: seed: the anchor &a is not supported; write the value itself"),
    ],
)
def test_fault_of_an_override_names_the_override(override: str, fault: str, write: Write) -> None:
    assert faults(write("seed: 1"), override) == [fault]


def test_key_that_an_overridden_name_leaves_over(write: Write) -> None:
    path = write("model: {name: dense, units: [3]}")
    expected = (
        "x.yaml:1:22: model.units: unknown key of conv; to leave out the file's section: --set 'model={name: conv}'"
    )
    assert faults(path, "model.name=conv") == [expected]
    assert load_config(path, ["model={name: conv}"]).model.name == "conv"


def test_override_heals_the_file(write: Write) -> None:
    assert load_config(write("seed: &a 1"), ["seed=2"]).seed == 2


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("covn", "covn: no such file; did you mean 'conv'?"),
        (
            "no/such.yaml",
            f"no/such.yaml: no such file; shipped configurations: {SHIPPED}",
        ),
        (".", ".: cannot be read: it is a folder"),
        (
            "x" * 300,
            "x" * 300 + f": no such file; shipped configurations: {SHIPPED}",
        ),
        ("a\0b", f"a\0b: no such file; shipped configurations: {SHIPPED}"),
    ],
)
def test_file_that_cannot_be_read(path: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert faults(path) == [fault]


def test_config_is_frozen(write: Write) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_config(write("seed: 1")).train.epochs = 3  # type: ignore[misc]  # assigning is what must fail


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# seed: 1\n",
        "train:\n",
        "train:\n  # epochs: 3\nmodel:\n",
        "train:\n  optimizer:\n  early_stopping:\n",
        "tensorboard:\nexport:\n",
    ],
)
def test_sections_in_which_all_is_a_comment_are_the_defaults(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(text)
    assert load_config(tmp_path / "x.yaml") == Config(name="x")


def test_tab_behind_a_value_is_space(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("seed:\t3\t# a comment\ntrain:\t\n  epochs: 2\t\n")
    config = load_config(tmp_path / "x.yaml")
    assert (config.seed, config.train.epochs) == (3, 2)


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("data.path=a #b", """'#b' is a comment in YAML; for text: --set 'data.path="a #b"'"""),
        ("name=913264", """expected text; received 913264; for text: --set 'name="913264"'"""),
        ("note=true", """expected text; received true; for text: --set 'note="true"'"""),
        ("train.schedule.name=none", "allowed: constant, cosine, exponential, one_cycle, step"),
    ],
)
def test_override_that_yaml_reads_otherwise_says_how_to_write_it(override: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config("dense", [override])
    assert str(caught.value).endswith(hint)


def test_number_where_a_file_needs_text(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("name: 913264\n")
    with pytest.raises(ConfigError, match=r'expected text; received 913264; for text write "913264"$'):
        load_config(tmp_path / "x.yaml")
