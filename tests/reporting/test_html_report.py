from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mnist_trainer.config.load import load_config
from mnist_trainer.errors import RunError
from mnist_trainer.evaluation.predictions import Predictions, load_predictions
from mnist_trainer.evaluation.report import EvaluationReport, make_report
from mnist_trainer.formats.model_source import model_of
from mnist_trainer.reporting import comparison, record
from mnist_trainer.reporting.diagnosis import diagnose_run
from mnist_trainer.reporting.folds_report import FoldsReport
from mnist_trainer.reporting.html_report import make_html_report, write_html_report
from mnist_trainer.reporting.train_report import TrainReport
from mnist_trainer.runs.run import Run


class Page(HTMLParser):
    """What a browser makes of a page: its elements, its text, and its tables by their caption."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        self.tables: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._open = ""
        self.feed(text)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.text += " " if tag in ("dd", "br") else ""
        if tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")
        if tag in ("td", "th", "caption", "style"):
            self._open = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "caption":
            self.tables[" ".join(data.split())] = self._rows
        elif self._open in ("td", "th"):
            self._rows[-1][-1] += " ".join(data.split())
        if self._open != "style":
            self.text += data


def copied(run: Run, path: Path) -> Run:
    shutil.copytree(run.path, path)
    return Run(path)


def write_evaluation(run: Run, report: EvaluationReport, kind: str = "shift", cpu: str = "Fast CPU") -> None:
    corruption = {"name": kind, "unit": "pixels", "severities": [1, 2], "accuracies": [0.75, 0.5]}
    run.write_json(
        "evaluation.json",
        {
            **report.as_json(),
            "data_sha256": load_predictions(run).data_sha256,
            "model_sha256": model_of(run).sha256,
            "num_parameters": 109_386,
            "size_bytes": 1_234_000,
            "latency": {"p50_seconds": 0.00125, "p95_seconds": 0.002, "examples_per_second": 45_678.4, "cpu": cpu},
            "robustness": {"mean_accuracy": 0.625, "corruptions": [corruption]},
        },
    )


@pytest.fixture(scope="module")
def report(trained_run: Run) -> EvaluationReport:
    return make_report(load_predictions(trained_run))


@pytest.fixture(scope="module")
def text(trained_run: Run) -> str:
    return make_html_report([trained_run])


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_headline_is_that_of_the_report(trained_run: Run, report: EvaluationReport, page: Page) -> None:
    low, high = (100 * bound for bound in report.accuracy_interval)
    assert (
        f"{100 * report.accuracy:.2f} % accuracy on the test split: {report.num_correct} of 500 are right" in page.text
    )
    assert f"95 % interval {low:.2f} % – {high:.2f} %" in page.text
    assert f"Top 2 {100 * report.top_2_accuracy:.2f} % Loss {report.loss:.4f} Calibration error" in page.text
    assert "Parameters 109,386" in page.text
    assert "Neither were speed and size." in page.text
    assert f"mnist-train evaluate {trained_run.path} --robustness" in page.text


def test_confusion_matrix_is_that_of_the_report(report: EvaluationReport, page: Page) -> None:
    header, *rows = page.tables["Each row is a class, each column what it was taken for"]
    assert header == ["True", *map(str, range(10))]
    assert rows == [
        [str(label), *(str(count) if count or label == column else "·" for column, count in enumerate(row))]
        for label, row in enumerate(report.confusion_matrix)
    ]


def test_classes_are_those_of_the_report(report: EvaluationReport, page: Page) -> None:
    _, *rows = page.tables["Scores of each class"]
    assert rows == [
        [
            str(entry.label),
            f"{entry.num_correct} of {entry.num_examples}",
            *(f"{100 * value:.2f} %" for value in (entry.precision, entry.recall, entry.f1)),
        ]
        for entry in report.classes
    ]


def test_epochs_are_those_of_the_metrics(trained_run: Run, page: Page) -> None:
    best = trained_run.read_metrics()[trained_run.read_json("report.json")["best_epoch"] - 1]
    (rows,) = (rows for caption, rows in page.tables.items() if caption.startswith("The epoch whose weights were kept"))
    assert rows[0][1] == f"{best['epoch']} (best)"
    assert rows[2][:2] == ["Validation accuracy", f"{100 * best['validation_accuracy']:.2f} %"]
    assert rows[4][:2] == ["Validation loss", f"{best['validation_loss']:.4f}"]


def test_diagnosis_gives_commands_to_type(trained_run: Run, page: Page) -> None:
    config = load_config(trained_run.config_path)
    diagnosis = diagnose_run(TrainReport.read(trained_run), config)
    assert diagnosis.text in page.text
    assert diagnosis.suggestions
    for suggestion in diagnosis.suggestions:
        assert f"mnist-train train {trained_run.config_path} --set {suggestion.overrides}" in page.text.replace("'", "")


def test_mistakes_are_shown_the_surest_first(report: EvaluationReport, text: str, page: Page) -> None:
    num_mistakes = report.num_examples - report.num_correct
    assert page.elements.count("img") == min(num_mistakes, 48)
    shares = [float(share) for share in re.findall(r"</b> <span>([\d.]+)\N{NO-BREAK SPACE}%", text)]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == min(num_mistakes, 48)
    assert num_mistakes <= 48 or f"{num_mistakes - 48} more are not shown" in page.text


def test_what_differs_from_the_defaults_is_marked(small_npz: Path, text: str, page: Page) -> None:
    rows = page.tables["What differs from the defaults"]
    assert ["data.path", str(small_npz), "null"] in rows
    assert ["train.epochs", "3", "10"] in rows
    assert re.search(r"<mark>  epochs: 3 *</mark>", text)
    assert not re.search(r"<mark>  batch_size", text)


def test_layers_are_counted(text: str) -> None:
    assert '<th scope="row">Dense</th><td>128</td><td>100,480</td><td>100,352</td>' in text
    assert '<th scope="row">sum</th><td></td><td>109,386</td><td>109,184</td>' in text


def test_same_run_gives_the_same_text(trained_run: Run, text: str) -> None:
    assert make_html_report([trained_run]) == text


def test_page_is_small_and_loads_nothing(text: str, page: Page) -> None:
    assert len(text) < 300_000
    assert all(address.startswith(("data:", "#")) for address in re.findall(r'(?:src|href)="([^"]*)"', text))
    assert not {"script", "iframe", "object"} & set(page.elements)
    ids = re.findall(r' id="([^"]*)"', text)
    assert len(ids) == len(set(ids))


def test_what_a_run_directory_brings_is_escaped(
    trained_run: Run, report: EvaluationReport, page: Page, tmp_path: Path
) -> None:
    attack = '"><script>alert(1)<script><b onclick="'
    run = copied(trained_run, tmp_path / attack)
    write_evaluation(run, report, kind=attack, cpu=attack)
    run.write_json("environment.json", {"command": ["x", attack], "platform": attack, "versions": {attack: attack}})
    training = run.read_json("report.json")
    run.write_json("report.json", {**training, "seconds": {attack: 1.0}, "class_names": [attack] * 10})
    path = run.config_path.read_text().replace("name: dense ", f"name: dense  # {attack}")
    run.write_text("config.yaml", re.sub(r"path: \S+", f"path: '/{attack}'", path))
    text = make_html_report([run])
    attacked = Page(text)
    assert all(address.startswith(("data:", "#")) for address in re.findall(r'(?:src|href)="([^"]*)"', text))
    assert (
        text.count("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
        == text.count("<meta http-equiv")
        == 1
    )
    assert not {"script", "iframe", "object", "form", "base"} & set(attacked.elements)
    assert attacked.elements.count("b") == 0  # no gallery, because its data set is gone
    assert attacked.text.count(attack) > 8


def test_images_of_a_data_set_that_is_gone_or_changed_are_left_out(trained_run: Run, tmp_path: Path) -> None:
    for path, problem in (("/gone.npz", "/gone.npz: no such file"), ("null", "MNIST: no longer holds the examples")):
        run = copied(trained_run, tmp_path / path.strip("/"))
        run.write_text("config.yaml", re.sub(r"path: \S+", f"path: {path}", run.config_path.read_text()))
        page = Page(make_html_report([run]))
        assert "img" not in page.elements
        assert f"mistakes are left out. {problem}" in page.text


def test_evaluation_adds_latency_size_and_robustness(
    trained_run: Run, report: EvaluationReport, tmp_path: Path
) -> None:
    run = copied(trained_run, tmp_path / "evaluated")
    write_evaluation(run, report)
    page = Page(make_html_report([run]))
    assert "On Fast CPU, one image takes 1.25 ms (95 % within 2.00 ms)" in page.text
    assert "model.keras has 1,234 kB." in page.text
    assert "45,678 images a second" in page.text
    assert "harder forms of the whole test split: 62.50 %" in page.text
    assert page.tables["Accuracy at each severity, the mildest first"][1] == ["shift", "75.0 %", "50.0 %"]


def test_evaluation_of_an_older_model_is_not_shown(trained_run: Run, report: EvaluationReport, tmp_path: Path) -> None:
    run = copied(trained_run, tmp_path / "resumed")
    write_evaluation(run, report)
    with run.model_path.open("ab") as file:
        file.write(b"another model")
    assert "Neither were speed and size." in Page(make_html_report([run])).text


def test_speed_on_an_unknown_processor_is_not_shown(trained_run: Run, report: EvaluationReport, tmp_path: Path) -> None:
    run = copied(trained_run, tmp_path / "evaluated")
    write_evaluation(run, report, cpu="")
    page = Page(make_html_report([run]))
    assert "1.25 ms" not in page.text
    assert "model.keras has 1,234 kB." in page.text


def test_two_runs_are_compared(trained_run: Run, tmp_path: Path) -> None:
    other = copied(trained_run, tmp_path / "other")
    other.write_text("config.yaml", other.config_path.read_text().replace("epochs: 3 ", "epochs: 4 "))
    text = make_html_report([trained_run, other])
    page = Page(text)
    assert "2 runs compared" in page.text
    assert "There is no difference: of 500 examples, both get the same right." in page.text
    assert "1 and 2 are right on the same images" in page.text
    assert re.search(r"train\.epochs</code></th>\s*<td><code>3</code></td>\s*<td><code>4</code></td>", text)
    assert page.elements.count("article") == 2
    ids = re.findall(r' id="([^"]*)"', text)
    assert len(ids) == len(set(ids))


def with_mistakes(run: Run, path: Path, examples: Iterable[int], data_sha256: str | None = None) -> Run:
    """A copy of the run whose model is right on all but `examples`, each of which it takes for the next class."""
    changed, predictions = copied(run, path), load_predictions(run)
    answers = predictions.labels.copy()
    for example in examples:
        answers[example] = (answers[example] + 1) % 10
    probabilities, digest = np.eye(10, dtype=np.float32)[answers], data_sha256 or predictions.data_sha256
    replace(predictions, probabilities=probabilities, data_sha256=digest).save(changed)
    return changed


def test_the_most_accurate_run_is_first_and_marked(trained_run: Run, tmp_path: Path) -> None:
    numbers = {"worst": 7, "best": 1, "middle": 2}
    runs = [with_mistakes(trained_run, tmp_path / name, range(number)) for name, number in numbers.items()]
    _, *rows = Page(make_html_report(runs)).tables["Results, the most accurate run first"]
    assert [row[0].split("dense")[0].strip() for row in rows] == ["1best", "2middle", "3worst"]
    assert rows[0][1].startswith("99.80")
    # Chance alone makes a difference of 1 to 0 always, and one of 6 to 0 in 2 of 64 cases.
    assert [row[2] for row in rows] == ["best", "−0.20noise", "−1.20clear"]


def test_digits_on_which_two_runs_disagree_have_both_answers(trained_run: Run, tmp_path: Path) -> None:
    labels = load_predictions(trained_run).labels
    wrong = (labels + 1) % 10
    first = with_mistakes(trained_run, tmp_path / "first", [0])
    second = with_mistakes(trained_run, tmp_path / "second", range(1, 12))
    text = make_html_report([second, first])
    page = Page(text)
    assert "1 and 2 disagree on 12 images: +2.00 points for first" in page.text
    assert "The difference is clear: +2.00 points for first on 500 examples (95 % interval +" in page.text
    assert "Only 1 is right: 11 images, of which 8 are shown" in page.text
    assert f"Only 2 is right: 1 image 1 {wrong[0]} 2 {labels[0]} " in page.text
    assert f"of which 8 are shown 1 {labels[1]} 2 {wrong[1]} " in page.text
    assert text.count(f'alt="Example 0 of the test split: {labels[0]}"') == 1


def test_runs_are_folded_where_there_are_many(trained_run: Run, tmp_path: Path) -> None:
    runs = [trained_run, *(copied(trained_run, tmp_path / str(number)) for number in range(3))]
    folded = r'<details><summary>\s*<h2 id="run\d-title">'
    assert len(re.findall(folded, make_html_report(runs))) == 4
    assert not re.findall(folded, make_html_report(runs[:3]))


def test_time_and_environment_are_folded_and_mistakes_come_early(text: str) -> None:
    assert re.findall(r"<details><summary><h2>(\w+)</h2>", text) == ["Time", "Environment"]
    titles = re.findall(r"<h2>([\w ]+)</h2>", text)
    assert titles.index("Mistakes") < titles.index("Calibration")


def test_classes_have_the_names_of_the_run(trained_run: Run, tmp_path: Path) -> None:
    run = copied(trained_run, tmp_path / "named")
    names = [f"class {number}" for number in range(10)]
    run.write_json("report.json", {**run.read_json("report.json"), "class_names": names})
    page = Page(make_html_report([run]))
    assert page.tables["Each row is a class, each column what it was taken for"][0] == ["True", *names]
    assert [row[0] for row in page.tables["Scores of each class"][1:]] == names


def test_each_run_is_read_once(trained_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = [copied(trained_run, tmp_path / name) for name in ("second", "third")]
    read: list[Run] = []

    def load(run: Run) -> Predictions:
        read.append(run)
        return load_predictions(run)

    for module in (comparison, record):
        monkeypatch.setattr(module, "load_predictions", load)
    make_html_report([trained_run, *others])
    assert read == [trained_run, *others]


def test_runs_on_other_examples_are_last_and_said_to_be_so(trained_run: Run, tmp_path: Path) -> None:
    other = with_mistakes(trained_run, tmp_path / "other", [], data_sha256="another")
    page = Page(make_html_report([other, trained_run, copied(trained_run, tmp_path / "same")]))
    assert "Run 3 was measured on other examples than run 1" in page.text
    _, *rows = page.tables["Results, the most accurate run first"]
    assert rows[2][0].startswith("3other")
    assert rows[2][2] == "–other examples"
    assert "1 and 3" not in page.text


def test_many_classes_have_no_matrix(trained_run: Run, tmp_path: Path) -> None:
    run = copied(trained_run, tmp_path / "many")
    predictions = load_predictions(run)
    wide = np.pad(predictions.probabilities, ((0, 0), (0, 90)))
    replace(predictions, probabilities=wide).save(run)
    page = Page(make_html_report([run]))
    assert "Each row is a class, each column what it was taken for" not in page.tables
    assert len(page.tables["Scores of each class"]) == 101


def test_perfect_run_without_validation_has_a_page(trained_run: Run, tmp_path: Path) -> None:
    run = copied(trained_run, tmp_path / "perfect")
    predictions = load_predictions(run)
    replace(predictions, probabilities=np.eye(10, dtype=np.float32)[predictions.labels]).save(run)
    run.write_metrics([{"epoch": 1, "accuracy": 1.0, "loss": 0.0, "learning_rate": 0.001}])
    run.write_json("report.json", {**run.read_json("report.json"), "best_epoch": 1})
    page = Page(make_html_report([run]))
    assert "every example of the test split is right" in page.text
    assert "Nothing was held out for validation" in page.text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("report.json", None, "not a complete run"),
        ("predictions.npz", None, "was not evaluated"),
        ("report.json", {"best_epoch": 1}, "report.json: not what a run writes: num_parameters: Field required"),
        (
            "report.json",
            {"best_epoch": 9},
            "report.json: not what a run writes: num_parameters: Field required",
        ),
        ("environment.json", [], "environment.json: not what a run writes: its value: Input should be"),
        (
            "metrics.jsonl",
            {"epoch": 1, "accuracy": 1, "loss": 0},
            "metrics.jsonl: not what a run writes: 0.learning_rate",
        ),
        (
            "metrics.jsonl",
            {"epoch": 1, "accuracy": 1, "loss": 0, "learning_rate": 1, "validation_loss": 0},
            "metrics.jsonl: not what a run writes: 0: Value error, one of validation_accuracy and validation_loss is",
        ),
    ],
)
def test_damaged_run_is_refused(name: str, content: object, message: str, trained_run: Run, tmp_path: Path) -> None:
    run = copied(trained_run, tmp_path / "run")
    if content is None:
        (run.path / name).unlink()
    else:
        (run.path / name).write_text(json.dumps(content))
    with pytest.raises(RunError, match=re.escape(message)):
        make_html_report([run])


def test_page_appears_whole(trained_run: Run, text: str, tmp_path: Path) -> None:
    write_html_report([trained_run], tmp_path / "new" / "page.html")
    assert (tmp_path / "new/page.html").read_text(encoding="utf-8") == text
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["page.html"]
    with pytest.raises(RunError, match="new: cannot be written: it is not a file"):
        write_html_report([trained_run], tmp_path / "new")


def test_cross_validation_is_shown_with_its_folds(folds_run: Run) -> None:
    report = FoldsReport.read(folds_run)
    found = report.out_of_fold
    text = make_html_report([folds_run])
    page = Page(text)
    assert f"accuracy in 2 folds: {found.num_correct:,} of 2,000 training examples are right" in page.text
    low, high = (100 * bound for bound in report.interval)
    assert f"95 % interval for a model like these {low:.2f} % – {high:.2f} %" in page.text
    assert f"Mean of the folds {100 * report.mean:.2f} %" in page.text
    _, *rows = page.tables["What each model is worth on the fold that it was not trained on"]
    assert [row[:3] for row in rows] == [
        [
            str(fold.number),
            f"{100 * fold.validation.accuracy:.2f} %",
            f"{fold.validation.num_correct:,} of {fold.validation.num_examples:,}",
        ]
        for fold in report.folds
    ]
    titles = re.findall(r"<h2>([\w ]+)</h2>", text)
    assert titles[:3] == ["Folds", "Learning curves", "Mistakes"]
    assert not {"Diagnosis", "Robustness", "Layers"} & set(titles)
    assert len(re.findall(r'alt="Example \d+ of the training split"', text)) == 48
    assert page.text.count("mnist-train train linear --folds 2") == 1


def test_cross_validation_beside_a_run_is_said_to_be_of_other_examples(trained_run: Run, folds_run: Run) -> None:
    page = Page(make_html_report([folds_run, trained_run]))
    accuracies = {run: make_report(load_predictions(run)).accuracy for run in (trained_run, folds_run)}
    number = 1 + sorted(accuracies, key=lambda run: -accuracies[run]).index(folds_run)
    assert f"Run {number} is a cross-validation, and was measured on the training split" in page.text
    assert (
        "Run 2 was measured on other examples than run 1: their numbers cannot be set against each other." in page.text
    )
    _, *rows = page.tables["Results, the most accurate run first"]
    assert "linear, 2 folds" in rows[number - 1][0]
    assert rows[1][2] == "–other examples"


def test_two_cross_validations_of_the_same_examples_are_compared(folds_run: Run, tmp_path: Path) -> None:
    other = with_mistakes(folds_run, tmp_path / "other", range(10))
    page = Page(make_html_report([folds_run, other]))
    assert "Images of the training split that exactly one of two runs reads right" in page.text
    assert "on 2,000 examples (95 % interval" in page.text
