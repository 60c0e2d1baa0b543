"""What TensorBoard gets of a run, besides scalars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.metrics import precision_score, recall_score
from tensorboard.plugins.hparams import api_pb2, metadata

from mnist_trainer.config.key_path import value_at
from mnist_trainer.config.load import load_config
from mnist_trainer.config.shipped import shipped_folder, shipped_names
from mnist_trainer.data.load import load_dataset
from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.predictions import load_predictions
from mnist_trainer.runs.run import Run
from mnist_trainer.training.start import start_run
from mnist_trainer.training.tensorboard.events import EventWriter
from mnist_trainer.training.tensorboard.session import hyper_parameters, session
from mnist_trainer.training.tensorboard.tabs.projector import draw_sprite, principal_components
from mnist_trainer.training.train import train
from tests.conftest import WITHOUT_EXTRAS
from tests.training.events import accumulate, read_events


def test_pictures_of_the_evaluation(trained_run: Run) -> None:
    events = read_events(trained_run, "validation")
    best_epoch = trained_run.read_json("report.json")["best_epoch"]
    for tag in ("misclassified", "confusion matrix", "reliability"):
        ((step, (width, height, png)),) = events[f"test/{tag}"]
        assert step == best_epoch
        assert int(width) >= 600
        assert int(height) >= 580
        assert png.startswith(b"\x89PNG")


def test_pr_curves_are_those_of_scikit_learn(trained_run: Run) -> None:
    predictions = load_predictions(trained_run)
    events = read_events(trained_run, "validation")
    assert sum(tag.startswith("test/class/") for tag in events) == 10
    ((_, curve),) = events["test/class/3/pr_curves"]
    precision, recall = curve[4, 120], curve[5, 120]  # of 201 thresholds, the one at 0.6
    is_predicted, is_label = predictions.probabilities[:, 3] >= 0.6, predictions.labels == 3
    assert precision == pytest.approx(precision_score(is_label, is_predicted), abs=1e-6)
    assert recall == pytest.approx(recall_score(is_label, is_predicted), abs=1e-6)


def test_configuration_and_report_as_text(trained_run: Run) -> None:
    events = read_events(trained_run, "validation")
    ((_, configuration),) = events["configuration"]
    text = configuration.item().decode()
    assert all(f"    {line}\n" in text for line in trained_run.config_path.read_text(encoding="utf-8").splitlines())
    ((_, report),) = events["report"]
    assert f"{trained_run.read_json('report.json')['test']['num_correct']:,} of 500" in report.item().decode()


def test_graph_of_layers_and_of_operations(trained_run: Run) -> None:
    ((_, layers),) = read_events(trained_run, "validation")["layers"]
    assert '"dense1"' in layers.item().decode()
    assert accumulate(trained_run, "validation").Graph().node


def test_projector_has_features_labels_and_digits(trained_run: Run) -> None:
    folder = trained_run.path / "validation"
    features, labels = np.loadtxt(folder / "features.tsv"), np.loadtxt(folder / "labels.tsv", dtype=int)
    test = load_dataset(load_config(trained_run.config_path).data).test
    assert features.shape == (500, 50)
    assert labels.tolist() == test.labels.tolist()
    sprite = np.asarray(Image.open(folder / "digits.png"))
    assert sprite.shape == (23 * 28, 23 * 28)  # 23² is the first square above 500
    assert (sprite[28:56, 28:56] == 255 - test.images[24, ..., 0]).all()


def test_principal_components_keep_distances() -> None:
    features = np.random.default_rng(0).normal(size=(40, 30)) * np.geomspace(1, 1e-3, 30)
    components, expected = principal_components(features, 5), PCA(5).fit_transform(features)
    assert np.abs(components) == pytest.approx(np.abs(expected), abs=1e-9)
    assert principal_components(features[:3], 5).shape == (3, 3)


def test_sprite_is_a_square_in_rows() -> None:
    images = np.zeros((5, 28, 28, 1), np.uint8)
    images[3] = 255
    sprite = np.asarray(draw_sprite(images))
    assert sprite.shape == (84, 84)
    assert (sprite[28:56, :28] == 0).all()
    assert (sprite[:28] == 255).all()


def status_of(run: Run) -> int | None:
    """Return how TensorBoard's table says that the run ended; None where it has only begun."""
    tags = accumulate(run, "validation").PluginTagToContent(metadata.PLUGIN_NAME)
    assert metadata.SESSION_START_INFO_TAG in tags
    if metadata.SESSION_END_INFO_TAG not in tags:
        return None
    return int(metadata.parse_session_end_info_plugin_data(tags[metadata.SESSION_END_INFO_TAG]).status)


def test_sessions_that_end_fail_and_run(tmp_path: Path) -> None:
    config = load_config("dense")
    run = start_run(config, tmp_path)
    with session(run, config):
        assert status_of(run) is None
    assert status_of(run) == api_pb2.STATUS_SUCCESS
    run = start_run(config, tmp_path)
    with pytest.raises(KeyboardInterrupt), session(run, config):
        raise KeyboardInterrupt
    assert status_of(run) == api_pb2.STATUS_FAILURE


def test_hyper_parameters_are_all_values_of_the_configuration() -> None:
    config = load_config("dense", ["model.dropout=0.2", "name=x", "tensorboard.images=false", "data.path=/x"])
    values = hyper_parameters(config)
    assert values["model.dropout"] == 0.2
    assert values["data.path"] == "/x"
    sections = {"seed", "data", "model", "augment", "train", "evaluate"}
    assert {key.partition(".")[0] for key in values} == sections
    for key in ("augment.shift", "train.batch_size", "train.optimizer.beta_1", "train.schedule.name", "seed"):
        assert values[key] == value_at(config.model_dump(), key)
    assert "train.clip_norm" not in values  # null
    assert hyper_parameters(load_config("conv", ["model.filters=[8, 16]"]))["model.filters"] == "(8, 16)"


def test_hyper_parameter_is_a_number_in_all_shipped_configurations_or_in_none() -> None:
    columns: dict[str, set[bool]] = {}
    for name in (*shipped_names("train"), *shipped_names("tune")):
        path = shipped_folder() / f"{name}.yaml"
        for key, value in hyper_parameters(load_config(path)).items():
            columns.setdefault(key, set()).add(isinstance(value, str))
    assert len(columns) > 30
    assert {key for key, types in columns.items() if len(types) > 1} == set()


def test_column_has_one_type_in_all_runs() -> None:
    one, list_of_them = (
        hyper_parameters(load_config("conv", [f"model.kernel_size={value}"]))["model.kernel_size"]
        for value in ("5", "[5, 3]")
    )
    assert (one, list_of_them) == ("5", "(5, 3)")


def test_histograms_and_nothing_else_where_that_is_asked_for(small_npz: Path, tmp_path: Path) -> None:
    overrides = [f"data.path={small_npz}", "train.epochs=2", *WITHOUT_EXTRAS, "tensorboard.histograms=true"]
    config = load_config("linear", overrides)
    run = start_run(config, tmp_path)
    train(config, run)
    steps = [step for step, _ in read_events(run, "train")["weights/linear/probabilities/kernel"]]
    assert steps == [1, 2]
    of_test = {tag for tag in read_events(run, "validation") if tag.startswith("test/")}
    assert of_test == {"test/loss", "test/accuracy"}
    assert not list((run.path / "validation").glob("*.tsv"))


def test_events_that_cannot_be_written_are_a_run_error(tmp_path: Path) -> None:
    (tmp_path / "train").write_text("a file, where a folder should be")
    with pytest.raises(RunError, match="TensorBoard events cannot be written"):
        EventWriter(Run(tmp_path), "train")
