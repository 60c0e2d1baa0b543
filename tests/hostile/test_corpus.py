"""Bad input ends a command with one clear message and the right exit code, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.corpus import GROUPS, entries_of
from tests.hostile.entry import Entry
from tests.hostile.outcome import Outcome, outcome_of

MAX_SECONDS = 5
MAX_MEGABYTES = 1_000

CORPUS = [entry for group in GROUPS for entry in entries_of(group)]
HARMLESS = [entry for entry in CORPUS if not entry.is_dangerous]
DANGEROUS = [entry for entry in CORPUS if entry.is_dangerous]


def check(entry: Entry, outcome: Outcome) -> None:
    page = ("work/logs/x/report.html",) if "--html" in entry.arguments and entry.exit_code == 0 else ()
    assert (outcome.traceback, outcome.files_left) == ("", page)
    assert outcome.exit_code == entry.exit_code, outcome.stderr
    assert re.fullmatch(entry.stdout, outcome.stdout), outcome.stdout
    assert re.search(entry.message, outcome.stderr), outcome.stderr
    assert "Traceback" not in outcome.stderr
    if entry.exit_code == 0:
        assert outcome.stderr == ""
    if entry.exit_code == 1:
        assert outcome.stderr.startswith("Error: ")
        assert outcome.stderr.strip().count("\n") == sum(argument.count("\n") for argument in entry.arguments)


def test_the_corpus_is_large_and_names_are_unique() -> None:
    assert len(CORPUS) >= 120
    assert Counter(entry.name for entry in CORPUS).most_common(1)[0][1] == 1


@pytest.mark.parametrize("entry", HARMLESS, ids=[entry.name for entry in HARMLESS])
def test_bad_input(entry: Entry, tmp_path: Path) -> None:
    check(entry, outcome_of(entry, tmp_path))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the dangerous ones did, a process for each group: the imports of TensorFlow and Keras are paid for once."""
    found = []
    for group in GROUPS:
        command = [sys.executable, "-m", "tests.hostile.outcome", str(tmp_path_factory.mktemp("dangerous")), group]
        process = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        assert process.returncode == 0, process.stderr
        found += json.loads(process.stdout)
    return {outcome.pop("name"): outcome for outcome in found}


@pytest.mark.parametrize("entry", DANGEROUS, ids=[entry.name for entry in DANGEROUS])
def test_dangerous_input(entry: Entry, outcomes: dict[str, dict[str, Any]]) -> None:
    outcome = dict(outcomes[entry.name])
    # For weights it is that of the largest process that copies them, too; others have limits of their own.
    assert outcome.pop("megabytes") <= MAX_MEGABYTES
    assert outcome["seconds"] <= MAX_SECONDS
    check(entry, Outcome(**{**outcome, "files_left": tuple(outcome["files_left"])}))
