"""What a person sees in a real terminal of 60, 80 and 120 columns: nothing is cut, and no word is broken."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

WIDTHS = (60, 80, 120)


class Terminal:
    """A shell in a terminal of tmux."""

    def __init__(self, width: int, folder: Path) -> None:
        self.width, self._socket = width, str(folder / "tmux")
        shell = f"env PATH={Path(sys.executable).parent}:$PATH PS1='$ ' bash --norc"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", "100", "-c", str(folder), shell)

    def type(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def lines(self) -> list[str]:
        """What is on the screen; what the terminal had to break is one line, too long for it."""
        return [line.rstrip() for line in self._tmux("capture-pane", "-p", "-J").rstrip().splitlines()]

    def too_long(self) -> list[str]:
        """Lines that the terminal had to break; commands and paths are left out, since they are copied whole."""
        lines = [line for line in self.lines() if len(line) > self.width]
        return [line for line in lines if "mnist-train " not in line and "/" not in line]

    def wait(self, is_there: Callable[[str], object]) -> str:
        """Wait until the screen is so, and return it."""
        end = time.monotonic() + 120
        while not is_there(text := "\n".join(self.lines())):
            assert time.monotonic() < end, text
            time.sleep(0.05)
        return text

    def end(self) -> None:
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", self._socket, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.fixture(params=WIDTHS)
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(request.param, tmp_path)
    yield terminal
    terminal.end()


def is_done(text: str) -> bool:
    return bool(text) and text.splitlines()[-1] == "$"


def test_training_stopped_finished_and_measured(terminal: Terminal, small_npz: Path) -> None:
    terminal.type(f"ln -s {small_npz} s.npz; clear", "Enter")
    terminal.wait(is_done)
    terminal.type("mnist-train train dense --set data.path=s.npz --set train.epochs=5000", "Enter")
    # The bar has its epoch, an accuracy and the time left, in one row.
    bar = re.compile(r"^epoch \d+/5000 .*[━╸╺].* accuracy +\d+\.\d\d % .*\d:\d\d left$", re.MULTILINE)
    terminal.wait(bar.search)
    assert terminal.too_long() == []
    terminal.wait(lambda text: "epoch    9/5000  acc" in text)
    terminal.type("C-c")
    text = terminal.wait(lambda text: is_done(text) and "finish" in text)
    assert "stopped by SIGINT; each finished epoch is kept" in " ".join(text.split("\n"))
    (name,) = set(re.findall(r"dense-\d{8}-\d{6}-\w{4}\b", text))
    assert f"go on   mnist-train train --resume logs/{name}\n" in text
    terminal.type("clear; mnist-train train --resume latest --finish; mnist-train runs", "Enter")
    text = terminal.wait(lambda text: is_done(text) and "test accuracy" in text)
    assert f"saved  logs/{name}/model.keras\nnext   mnist-train evaluate logs/{name}\n" in text
    assert re.search(rf"^{name} .* \d\d\.\d\d %", text, re.MULTILINE)
    assert terminal.too_long() == []
    terminal.type("clear; mnist-train evaluate latest", "Enter")
    text = terminal.wait(lambda text: is_done(text) and "next" in text)
    assert terminal.too_long() == []
    assert ("  →9" in text) == (terminal.width > 80)
    assert ("not shown, for lack of room: →0 … →9" in text) == (terminal.width <= 80)
