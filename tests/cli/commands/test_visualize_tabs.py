"""Every tab of TensorBoard that a run fills, seen filled by a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mnist_trainer.runs.find import all_runs
from tests.cli.browser import open_page
from tests.cli.tensorboard import free_port, visualize
from tests.conftest import Command


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_page(webgl=True) as page:
        yield page


@pytest.fixture(scope="module")
def logs_dir(small_npz: Path, mnist_train: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run that is complete, with histograms, and one that failed."""
    logs_dir = tmp_path_factory.mktemp("tabs")
    data = f"--set=data.path={small_npz}"
    common = ["train", "linear", "--logs-dir", logs_dir, data, "--set=train.epochs=1"]
    assert mnist_train(*common, "--set=tensorboard.histograms=true", "--set=name=good").returncode == 0
    failing = ["--set=train.optimizer={name: sgd, learning_rate: 100}", "--set=model.l2=1000", "--set=name=failed"]
    assert mnist_train(*common, *failing).returncode == 1
    return logs_dir


@pytest.fixture(scope="module")
def address(logs_dir: Path) -> Iterator[str]:
    """TensorBoard on both."""
    port = free_port()
    with visualize("--logs-dir", logs_dir, "--port", port) as (_, line):
        assert "shows 2 runs" in line
        yield f"http://localhost:{port}/"


def test_curves_come_first_and_a_run_is_two_rows(page: Page, address: str) -> None:
    page.goto(f"{address}#timeseries")
    groups = page.locator("metrics-card-group-toolbar")
    expect(groups).to_contain_text(["epoch", "per_step", "speed", "test", "weights"])
    cards = page.locator("card-view")
    for place, tag in enumerate(("epoch/accuracy", "epoch/loss", "per_step/learning_rate", "per_step/loss")):
        expect(cards.nth(place).get_by_text(tag, exact=True).first).to_be_attached()
        expect(cards.nth(place).locator("line-chart")).to_be_attached()
    rows = page.locator("runs-data-table tb-data-table-content-row")
    expect(rows).to_contain_text(["failed-", "failed-", "good-", "good-"])
    expect(rows).to_contain_text(["/train", "/validation", "/train", "/validation"])


def test_images(page: Page, address: str) -> None:
    page.goto(f"{address}#images")
    for tag in ("test/misclassified", "test/confusion matrix", "test/reliability"):
        expect(page.get_by_text(tag).first).to_be_visible()
    pictures = page.locator("tf-image-loader img")
    expect(pictures.first).to_be_visible()
    assert pictures.first.evaluate("image => image.naturalWidth") >= 600


def test_pr_curves(page: Page, address: str) -> None:
    page.goto(f"{address}#pr_curves")
    expect(page.get_by_text("test/class/0").first).to_be_visible()
    expect(page.locator("tf-pr-curve-card path.line").first).to_be_attached()


def test_text(page: Page, address: str) -> None:
    page.goto(f"{address}#text")
    expect(page.get_by_text("Decides initial weights").first).to_be_visible()
    expect(page.get_by_role("table").filter(has_text="of 500").first).to_be_visible()


def test_hyper_parameters_of_both_runs_with_their_accuracies(page: Page, address: str, logs_dir: Path) -> None:
    page.goto(f"{address}#hparams")
    table = page.locator("tf-hparams-table-view")
    for text in ("model.l2", "good-", "failed-"):
        expect(table.get_by_text(text).first).to_be_visible()
    good = next(run for run in all_runs(logs_dir) if run.is_complete)
    validation, test = good.read_metrics()[-1]["validation_accuracy"], good.read_json("report.json")["test"]["accuracy"]
    for tag, accuracy in (("epoch/accuracy", validation), ("test/accuracy", test)):
        expect(table.get_by_text(tag, exact=True).first).to_be_attached()
        expect(table.get_by_text(f"{accuracy:#.5g}", exact=True).first).to_be_attached()
    # All others can be shown.
    for key in ("augment.shift", "train.optimizer.momentum", "train.schedule.name"):
        expect(page.get_by_text(key, exact=True).first).to_be_attached()


def test_graph(page: Page, address: str) -> None:
    page.goto(f"{address}#graphs")
    expect(page.locator("g.node").first).to_be_attached()
    expect(page.get_by_text("Main Graph").first).to_be_visible()


def test_histograms(page: Page, address: str) -> None:
    page.goto(f"{address}#histograms")
    expect(page.get_by_text("weights/linear/probabilities/kernel").first).to_be_visible()


def test_projector(page: Page, address: str) -> None:
    page.goto(f"{address}#projector")
    frame = page.frame_locator("iframe").frame_locator("iframe")
    expect(frame.get_by_text("Points: 500")).to_be_visible(timeout=60_000)
    expect(frame.get_by_text("Dimension: 50")).to_be_visible()
