"""Configurations and `--set` that are no YAML, or that ask for what cannot be."""

from __future__ import annotations

import os
from pathlib import Path

from tests.hostile.entry import Entry, Make, nothing


def circle(folder: Path) -> None:
    (folder / "x.yaml").symlink_to("x.yaml")


def hole(folder: Path) -> None:
    (folder / "x.yaml").touch()
    os.truncate(folder / "x.yaml", 100_000_000_000)


_AT_TOP = "expected keys such as 'train:' at the top; received "
_LARGE = "the file is larger than 131,072 bytes; is it a configuration"

_TEXTS: list[tuple[str, str | bytes, str]] = [
    ("a word", "conv", _AT_TOP + "a single value"),
    ("a list", "- train", _AT_TOP + "a list"),
    ("noise", bytes(range(256)), "byte 129 is not UTF-8|is not allowed in YAML"),
    ("UTF-16", "seed: 1".encode("utf-16"), "is not UTF-8; save the file as UTF-8 text"),
    ("Latin-1", "name: é".encode("latin-1"), "byte 7 is not UTF-8"),
    ("NUL", "seed: 1\0", r"U\+0000, is not allowed in YAML; delete it"),
    ("escape sequence", "seed: \x1b[2J", r"U\+001B, is not allowed in YAML"),
    ("tab", "train:\n\tepochs: 3", "not valid YAML: found character '.t' that cannot start any token"),
    ("bracket left open", "model: {units: [1, 2}", "not valid YAML"),
    ("quote left open", "name: 'x", "not valid YAML: found unexpected end of stream"),
    ("colon too many", "train: epochs: 3", "not valid YAML: mapping values are not allowed here"),
    ("300 KB", "#" * 300_000, _LARGE),
    ("300 KB of keys", "a: 1\n" * 60_000, _LARGE),
    ("100,000 brackets", "a: " + "[" * 100_000, "nested more than 16 deep"),
    ("30,000 braces", "a: " + "{a: " * 30_000, "nested more than 16 deep"),
    ("60,000 dashes", "- " * 60_000, "nested more than 16 deep"),
    ("60,000 question marks", "? " * 60_000, "nested more than 16 deep|not valid YAML"),
    ("billion laughs", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", r"the alias \*a is not supported"),
    ("anchor", "seed: &a 1", "the anchor &a is not supported; write the value itself"),
    ("alias of nothing", "seed: *a", r"the alias \*a is not supported"),
    ("merge key", "train: {<<: {epochs: 3}}", "the merge key << is not supported"),
    ("30,000 tags", "train: [" + "!x 1," * 24_000 + "1]", "the tag .*(.|\\n)*… and 23,98[0-9] more$"),
    ("13,000 unknown keys", "".join(f"k{number}: 1\n" for number in range(13_000)), "k19: unknown(.|\\n)*12,980 more$"),
    ("60,000 wrong units", "model: {units: [" + "a," * 60_000 + "]}", "units.19: expected(.|\\n)*… and 59,980 more$"),
    ("python object", "seed: !!python/object/apply:os.system ['touch code-was-run']", "the tag .* is not supported"),
    ("python name", "seed: !!python/name:os.system", "the tag .* is not supported"),
    ("binary", "seed: !!binary aGVsbG8=", "the tag .* is not supported"),
    ("two documents", "seed: 1\n---\nseed: 2", "a second document begins here; a file holds one"),
    ("directive", "%YAML 3.0\n---\nseed: 1", "not valid YAML: found incompatible YAML document"),
    ("duplicate key", "seed: 1\nseed: 2", "2:1: duplicate key 'seed', first given in line 1"),
    ("key that is a list", "[a]: 1", "a key must be a word; received a list"),
    ("unknown key", "trian: {}", "1:1: trian: unknown key; did you mean 'train'"),
    ("environment variable", "data: {path: $HOME/x}\nmodel: {name: $MODEL}", r"unknown name '\$MODEL'"),
    ("model of another module", "model: {name: os.system}", "unknown name 'os.system'; allowed: conv, dense, linear"),
    ("model of another folder", "model: {name: ../../x}", "unknown name '../../x'; allowed"),
    (
        "seed of 5,000 digits",
        "seed: " + "9" * 5_000,
        "seed: expected an integer; received inf|must be below 4294967296",
    ),
    ("seed below 0", "seed: -1", "seed: must be at least 0; received -1"),
    ("seed in octal", "seed: 0o99", "seed: expected an integer; received '0o99'"),
    ("epochs of infinity", "train: {epochs: .inf}", "train.epochs: expected an integer; received inf"),
    ("10⁹ epochs", "train: {epochs: 1000000000}", "train.epochs: must be at most 10000"),
    ("learning rate NaN", "train: {optimizer: {learning_rate: .nan}}", "expected a finite number; received nan"),
    ("validation of everything", "data: {validation_fraction: 1}", "must be at most 0.9; received 1"),
    ("10⁹ units", "model: {units: [1000000000]}", "model.units.0: must be at most 65536"),
    ("17 GB of units", "model: {units: [65536, 65536]}", "model.units: makes a model of 4,346,478,592 parameters; at"),
    ("33 layers", f"model: {{units: {[1] * 33}}}", "model.units: must have 32 or fewer items"),
    (
        "maps of 13 GB",
        "model: {name: conv, filters: [4096], padding: same}",
        "model.filters: makes maps of 4,.* numbers",
    ),
    (
        "convolutions of 800 MB",
        "model: {name: conv, filters: [4096, 4096], strides: 4, pool_size: 1}",
        "model.filters: makes a model of 151,",
    ),
    ("window larger than the map", "model: {name: conv, kernel_size: 29}", "29 does not fit: layer conv1 would put a"),
    ("name that is a path", "name: ../x", "name: expected letters, digits"),
    ("name of 65 letters", f"name: {'x' * 65}", "name: expected letters, digits"),
    ("home of nobody", "data: {path: ~nobody9/x}", "data.path: there is no such home directory"),
]

_OVERRIDES: list[tuple[str, str, str]] = [
    ("no value", "train.epochs", "expected KEY=VALUE, e.g. train.epochs=3"),
    ("no key", "=3", "expected KEY=VALUE, e.g. train.epochs=3"),
    ("nothing", "", "expected KEY=VALUE, e.g. train.epochs=3"),
    ("dots alone", "...=3", "expected KEY=VALUE, e.g. train.epochs=3"),
    ("key of 100,000 parts", ".".join("a" * 100_000) + "=3", "nested more than 16 deep"),
    ("key below a value", "seed.x=1", "seed is not a section with keys|received a section with keys"),
    ("unknown key", "train.epohcs=1", "train.epohcs: unknown key; did you mean 'epochs'"),
    ("bracket left open", "seed=[1", "the right side is not valid YAML: '\\[1'"),
    ("100,000 brackets", "seed=" + "[" * 100_000, "the right side is not valid YAML"),
    ("two documents", "seed=1\n---\n2", "the right side is not valid YAML"),
    ("tag", "seed=!!python/name:os.system", "the tag .* is not supported"),
    ("anchor", "seed=&a 1", "the anchor &a is not supported"),
    ("not UTF-8", "name=\udcff", "the right side is not valid YAML"),
    ("key that is not UTF-8", "\udcff=1", "is no key: it has characters that cannot be printed"),
    ("escape sequence", "name=\x1b[2J", "the right side is not valid YAML"),
    ("NUL", "name=a\0b", "the right side is not valid YAML"),
    ("null", "seed=", "seed: expected an integer; received null"),
    ("a million characters", "name=" + "x" * 1_000_000, "name: expected letters, digits"),
    ("unicode", "model.name=ｄｅｎｓｅ", "unknown name 'ｄｅｎｓｅ'"),
    ("python's underscore", "train.epochs=1_0", "expected an integer; received '1_0'"),
]

_PLACES: list[tuple[str, tuple[str, ...], str, Make]] = [
    ("no such file", ("train", "absent.yaml"), "absent.yaml: no such file; shipped configurations: accurate", nothing),
    ("misspelt", ("train", "covn"), "covn: no such file; did you mean 'conv'", nothing),
    ("a folder", ("train", "."), "cannot be read: it is a folder", nothing),
    ("a path of 5,000 letters", ("train", "x" * 5_000), "no such file", nothing),
    ("NUL in a path", ("train", "a\0b"), "no such file", nothing),
    ("path that is not UTF-8", ("train", "\udcff.yaml"), "no such file", nothing),
    ("a device", ("train", "/dev/zero"), _LARGE, nothing),
    ("a link to itself", ("train", "x.yaml"), "cannot be read: Too many levels", circle),
    ("a hole of 10¹¹ bytes", ("train", "x.yaml"), _LARGE, hole),
    (
        "init of no such",
        ("config", "init", "../../etc/passwd"),
        "no shipped configuration is called",
        nothing,
    ),
    (
        "init onto a file",
        ("config", "init", "-o", "x.yaml"),
        "x.yaml: exists; choose another",
        hole,
    ),
]


def _writer(text: str | bytes) -> Make:
    def make(folder: Path) -> None:
        (folder / "x.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())

    return make


def config_entries() -> list[Entry]:
    """Return the configurations, each to be trained."""
    return [
        *(Entry(f"YAML: {name}", ("train", "x.yaml"), 2, message, _writer(text)) for name, text, message in _TEXTS),
        *(
            Entry(f"--set: {name}", ("config", "check", "dense", "--set", text), 2, message)
            for name, text, message in _OVERRIDES
        ),
        *(Entry(f"file: {name}", arguments, 2, message, make) for name, arguments, message, make in _PLACES),
        Entry("file: init into nowhere", ("config", "init", "-o", "no/x"), 2, "no/x: cannot be written: No such file"),
    ]
