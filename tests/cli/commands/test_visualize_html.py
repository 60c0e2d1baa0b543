"""The page of `visualize --html`, opened from the disk by a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from mnist_trainer.evaluation.predictions import load_predictions
from mnist_trainer.runs.run import Run
from tests.cli.browser import open_page
from tests.cli.conftest import Invoke


@pytest.fixture(scope="module")
def pages(trained_run: Run, folds_run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages about one run, two, four, and one with its folds, made by the command in a process without TensorFlow."""
    folder = tmp_path_factory.mktemp("pages")
    others = [str(shutil.copytree(trained_run.path, folder / name)) for name in ("other", "third", "fourth")]
    predictions = load_predictions(trained_run)
    for number, other in enumerate(others):  # which answer in another way to some examples
        replace(predictions, probabilities=np.roll(predictions.probabilities, number + 1, 1)).save(Run(Path(other)))
    found = {name: folder / f"{name}.html" for name in ("one", "two", "four", "folds")}
    arguments = {"one": [], "two": others[:1], "four": others, "folds": [str(folds_run.path)]}
    code = (
        "import sys; from mnist_trainer.cli.main import main\n"
        f"for arguments in {[[*arguments[name], '-o', str(path)] for name, path in found.items()]}:\n"
        f"    main(['visualize', '--html', {str(trained_run.path)!r}, *arguments], standalone_mode=False)\n"
        "assert not {'tensorflow', 'keras', 'tensorboard'} & set(sys.modules), 'heavy imports'"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.splitlines() == [
        f"The page about {trained_run.name} is {found['one']}",
        f"The page about 2 runs is {found['two']}",
        f"The page about 4 runs is {found['four']}",
        f"The page about 2 runs is {found['folds']}",
    ]
    return found


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    with open_page() as page:
        yield page


@pytest.mark.parametrize("name", ["one", "two", "four", "folds"])
def test_browser_shows_the_page_and_has_nothing_to_complain_of(
    name: str, pages: dict[str, Path], browser_page: Page
) -> None:
    messages: list[str] = []
    requests: list[str] = []
    browser_page.on("console", lambda message: messages.append(message.text))
    browser_page.on("request", lambda request: requests.append(request.url))
    browser_page.goto(pages[name].as_uri())
    images = browser_page.eval_on_selector_all("img", "images => images.map(image => image.naturalWidth)")
    assert images
    assert set(images) == {28}
    assert messages == []
    assert [url for url in requests if not url.startswith("data:")] == [pages[name].as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1_280])
@pytest.mark.parametrize("name", ["two", "four", "folds"])  # which have all that the page about one has
def test_page_is_accessible(
    name: str, width: int, scheme: Literal["light", "dark"], pages: dict[str, Path], browser_page: Page
) -> None:
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 740})
    browser_page.goto(pages[name].as_uri())
    result = Axe().run(browser_page)
    assert result.violations_count == 0, result.generate_report()


@pytest.mark.parametrize("width", [360, 700])
@pytest.mark.parametrize("name", ["one", "two", "four", "folds"])
def test_page_fits_a_small_screen(name: str, width: int, pages: dict[str, Path], browser_page: Page) -> None:
    browser_page.set_viewport_size({"width": width, "height": 740})
    browser_page.goto(pages[name].as_uri())
    browser_page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    assert browser_page.evaluate("document.documentElement.scrollWidth") == width


def test_link_to_a_folded_run_opens_it(pages: dict[str, Path], browser_page: Page) -> None:
    browser_page.goto(pages["four"].as_uri())
    titles = browser_page.locator("article h3", has_text="Diagnosis")
    expect(titles.nth(2)).not_to_be_visible()
    browser_page.locator("a[href='#run3']").click()
    expect(titles.nth(2)).to_be_visible()
    expect(titles.nth(3)).not_to_be_visible()


def test_page_stands_in_the_run_unless_told_otherwise(trained_run: Run, invoke: Invoke) -> None:
    shutil.copytree(trained_run.path, Path("logs") / trained_run.name)
    other = Path(shutil.copytree(trained_run.path, "logs/other"))
    os.utime(other / "config.yaml", (0, 0))  # a run that was named anew is as old as its configuration
    result = invoke("visualize", "--html")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"The page about {trained_run.name} is logs/{trained_run.name}/report.html\n"
    assert f"<h1>{trained_run.name}</h1>" in Path(f"logs/{trained_run.name}/report.html").read_text(encoding="utf-8")
    result = invoke("visualize", "--html", "latest", "other", other.absolute())
    assert result.stdout == "The page about 2 runs is logs/report.html\n"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--html", "--port", "7000"], 2, "--port cannot be used here: --html writes a file and serves nothing."),
        (["--html", "--host", "localhost"], 2, "--host cannot be used here: --html writes a file and serves nothing."),
        (["-o", "page.html"], 2, "--output cannot be used here: it is the file that --html writes."),
        (
            ["--html", "absent"],
            1,
            "Error: absent: no such run, neither as a path nor under logs; see: mnist-train runs",
        ),
        (
            ["--html"],
            1,
            "Error: logs: No such file or directory; make a run with: mnist-train "
            "train, or name another folder with --logs-dir",
        ),
        (["--html", "run", "-o", "."], 1, "Error: .: cannot be written: it is not a file; name one that ends in .html"),
        (["--html", "run", "-o", "a/b/c"], 1, "Error: a/b/c: cannot be written: No such file or directory"),
        (["--html", "unfinished"], 1, "Error: unfinished: not a complete run (report.json is absent); finish it with"),
    ],
)
def test_bad_input(arguments: list[str], exit_code: int, message: str, trained_run: Run, invoke: Invoke) -> None:
    shutil.copytree(trained_run.path, "run")
    shutil.copytree(trained_run.path, "unfinished", ignore=shutil.ignore_patterns("report.json"))
    result = invoke("visualize", *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr
