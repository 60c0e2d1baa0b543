"""TensorBoard in a real process, seen by a real browser."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mnist_trainer.runs.run import Run
from tests.cli.browser import open_page
from tests.cli.conftest import Invoke
from tests.cli.tensorboard import free_port, visualize

PROJECTOR = "projector  http://localhost:{port}/#projector\n"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_page() as page:
        yield page


def test_browser_sees_the_run_and_its_curves(trained_run: Run, page: Page, tmp_path: Path) -> None:
    port = free_port()
    with visualize("--logs-dir", trained_run.path.parent, "--port", port) as (_, line):
        assert line == f"TensorBoard shows 1 run at http://localhost:{port}/  (Ctrl-C stops it)\n"
        page.goto(f"http://localhost:{port}/#timeseries")
        page.get_by_text(f"{trained_run.name}/validation").first.wait_for()
        card = page.locator("card-view", has=page.get_by_text("epoch/accuracy", exact=True)).first
        expect(card.locator("line-chart")).to_be_visible()
        last = trained_run.read_metrics()[-1]
        for accuracy in (last["accuracy"], last["validation_accuracy"]):
            expect(card).to_contain_text(f"{accuracy:.4f}".rstrip("0"))
        page.screenshot(path=tmp_path / "tensorboard.png")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_in_order(
    number: int, trained_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    port = free_port()
    with visualize(trained_run.path, "--port", port) as (process, _):
        assert len(list(tmp_path.iterdir())) == 1
        assert process.stdout
        assert process.stdout.readline() == PROJECTOR.format(port=port)
        process.send_signal(number)
        assert process.communicate(timeout=60) == ("", "")
        assert process.returncode == 0
        assert list(tmp_path.iterdir()) == []


def test_projector_is_named_only_where_there_is_one(trained_run: Run, tmp_path: Path) -> None:
    run = Path(shutil.copytree(trained_run.path, tmp_path / "run"))
    (run / "validation" / "projector_config.pbtxt").rename(run / "checkpoints" / "kept")
    with visualize(run, "--port", free_port()) as (process, line):
        assert "shows 1 run" in line
        process.terminate()
        assert process.communicate(timeout=60) == ("", "")
    # Where older versions wrote it.
    (run / "test").mkdir()
    (run / "checkpoints" / "kept").rename(run / "test" / "projector_config.pbtxt")
    port = free_port()
    with visualize(run, "--port", port) as (process, _):
        assert process.stdout
        assert process.stdout.readline() == PROJECTOR.format(port=port)


def test_named_run_is_shown_under_its_name(trained_run: Run, page: Page) -> None:
    port = free_port()
    with visualize(trained_run.path, "--port", port) as (_, line):
        assert "shows 1 run at" in line
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            runs = page.request.get(f"http://localhost:{port}/data/runs").json()
            if len(runs) == 2:
                break
            time.sleep(0.2)
        assert sorted(runs) == [f"{trained_run.name}/{split}" for split in ("train", "validation")]


@pytest.mark.parametrize("way_out", ["absolute", "parent", "link"])
def test_projector_of_a_stranger_leads_nowhere(way_out: str, trained_run: Run, page: Page, tmp_path: Path) -> None:
    (tmp_path / "secret.tsv").write_text("1\t2\n3\t4\n")
    run = Path(shutil.copytree(trained_run.path, tmp_path / "logs" / "strange"))
    path = {"absolute": f"{tmp_path}/secret.tsv", "parent": "../../../secret.tsv", "link": "link.tsv"}[way_out]
    (run / "validation" / "link.tsv").symlink_to(tmp_path / "secret.tsv")
    config = run / "validation" / "projector_config.pbtxt"
    address = "data/plugin/projector/tensor?run=strange/validation&name=last%20hidden%20layer"
    good = config.read_text()
    for text, is_served in ((good, True), (good.replace("features.tsv", path), False)):
        config.write_text(text)
        port = free_port()
        with visualize("--logs-dir", tmp_path / "logs", "--port", port):
            deadline = time.monotonic() + 30
            answer = page.request.get(f"http://localhost:{port}/{address}")
            while is_served and not answer.ok and time.monotonic() < deadline:
                time.sleep(0.5)
                answer = page.request.get(f"http://localhost:{port}/{address}")
            assert answer.ok == is_served
            assert is_served or "outside the config directory" in answer.text()


def test_busy_port_without_a_wish_takes_the_next(trained_run: Run) -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("localhost", 6006))
            server.listen()
        except OSError:
            pass  # something else has 6006 already: all the better
        with visualize("--logs-dir", trained_run.path.parent) as (_, line):
            assert "http://localhost:60" in line
            assert "http://localhost:6006/" not in line


def test_busy_port_that_was_asked_for_is_an_error(trained_run: Run) -> None:
    with socket.create_server(("localhost", 0)) as server:
        port = server.getsockname()[1]
        with visualize("--logs-dir", trained_run.path.parent, "--port", port) as (process, line):
            assert line == ""
            _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.startswith(f"Error: TensorBoard cannot listen on localhost:{port}: ")
    assert errors.endswith("try another --port or --host\n")


def test_host_beyond_localhost_warns(trained_run: Run) -> None:
    with visualize("--logs-dir", trained_run.path.parent, "--host", "0.0.0.0", "--port", free_port()) as (process, _):  # noqa: S104 - the warning is what is tested
        process.terminate()
        _, errors = process.communicate(timeout=60)
    assert errors == (
        "Warning: on 0.0.0.0 anyone who reaches this machine can read these runs; TensorBoard asks for no password.\n"
    )


def test_address_of_another_machine_is_an_error(trained_run: Run) -> None:
    # 192.0.2.0/24 is for documentation (RFC 5737): no machine has an address in it.
    with visualize("--logs-dir", trained_run.path.parent, "--host", "192.0.2.1", "--port", free_port()) as (process, _):
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    message = errors.splitlines()[-1]  # behind the warning that this is beyond localhost
    assert re.fullmatch(
        r"Error: TensorBoard cannot listen on 192\.0\.2\.1:\d+: .+; try another --port or --host", message
    )


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--port", "0"], 2, "0 is not in the range 1<=x<=65535"),
        (["--port", "http"], 2, "'http' is not a valid integer range"),
        (["absent"], 1, "Error: absent: no such run, neither as a path nor under logs; see: mnist-train runs"),
        (
            [],
            1,
            "Error: logs: No such file or directory; make a run with: mnist-train "
            "train, or name another folder with --logs-dir",
        ),
    ],
)
def test_bad_input(arguments: list[str], exit_code: int, message: str, invoke: Invoke) -> None:
    result = invoke("visualize", *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr
