from __future__ import annotations

from pathlib import Path

import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.config.render import render_config
from mnist_trainer.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    (folder / "old.yaml").write_text(text)
    return folder / "old.yaml"


@pytest.mark.parametrize(("flag", "names"), [("true", ["litert"]), ("false", [])])
def test_flag_of_version_1_is_a_list_now(flag: str, names: list[str], tmp_path: Path) -> None:
    config = load_config(write(tmp_path, f"export:\n  litert: {flag}\n"))
    assert [entry.name for entry in config.export.formats] == names


def test_written_file_says_its_version_and_is_read_as_it_is(tmp_path: Path) -> None:
    config = load_config("dense")
    text = render_config(config)
    assert text.startswith("config_version: 2 ")
    assert load_config(write(tmp_path, text)) == config


def test_file_of_a_newer_version_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path, "seed: 1\nconfig_version: 3\n")
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    message = "a newer mnist-train wrote this file; this one reads versions up to 2"
    assert str(raised.value) == f"{path}:2:17: config_version: {message}"


def test_both_names_at_once_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"old\.yaml:3:3: export\.litert: unknown key"):
        load_config(write(tmp_path, "export:\n  formats: []\n  litert: true\n"))


def test_formats_are_names_or_sections(tmp_path: Path) -> None:
    for text in ("[litert]", "[{name: litert}]"):
        assert [entry.name for entry in load_config("dense", [f"export.formats={text}"]).export.formats] == ["litert"]
    with pytest.raises(ConfigError, match=r"export\.formats\.0(\.name)?: unknown name 'onxx'"):
        load_config("dense", ["export.formats=[onxx]"])
    with pytest.raises(ConfigError, match=r"old\.yaml:1:35: export\.formats\.0\.size: unknown key"):
        load_config(write(tmp_path, "export: {formats: [{name: litert, size: 3}]}"))


def test_run_of_version_1_has_held_out_the_last_part(tmp_path: Path) -> None:
    of_a_run = "".join(f"{line}\n" for line in render_config(load_config("dense")).splitlines())
    old = (
        of_a_run.replace("config_version: 2", "#")
        .replace("split_seed: 0", "#")
        .replace("formats: [litert]", "litert: true")
    )
    assert load_config(write(tmp_path, old)).data.split_seed is None
    assert load_config(write(tmp_path, "data: {validation_fraction: 0.2}")).data.split_seed == 0
