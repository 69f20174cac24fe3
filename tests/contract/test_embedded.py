"""What only local processes can get wrong: strangers, orphans, secrets, a kill at any moment."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from envcheck.errors import Interrupted
from envcheck.model.runtime import Resource
from envcheck.model.service import Phase
from envcheck.runtimes.embedded import EmbeddedRuntime
from envcheck.runtimes.embedded.processes import NONCE, look
from envcheck.system.clock import SystemClock
from tests.contract.seen import Seen
from tests.contract.stages import EmbeddedStage
from tests.contract.test_runtime import nothing

pytestmark = pytest.mark.real

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[EmbeddedStage]:
    made = EmbeddedStage(tmp_path, tmp_path / "cache")
    yield made
    made.close()
    assert made.left_over() == []


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """Looks like one of ours, and is not."""
    child = subprocess.Popen(SLEEPER, env={**os.environ, NONCE: "of-another-project"})
    yield child
    child.kill()
    child.wait()


def test_a_stranger_under_a_pid_we_once_had_survives_undo(
    stage: EmbeddedStage, stranger: subprocess.Popen[bytes]
) -> None:
    stage.runtime().start("sturdy")
    once = Resource("process", str(stranger.pid), "sturdy", {"started": "another-boot:1"})
    stage.ledger.made(once)
    assert list(stage.runtime().undo(run=None, volumes=True)) == []
    assert stranger.poll() is None


def test_two_projects_side_by_side_do_not_meet(tmp_path: Path, stage: EmbeddedStage) -> None:
    other = EmbeddedStage(tmp_path, tmp_path / "cache", "other")
    other.publish("web", stage.web_port)
    for each in (stage, other):
        each.runtime().prepare(["web"], nothing)
        each.runtime().start("web")
    ports = {each.runtime().endpoints("web")[8000].port for each in (stage, other)}
    assert len(ports) == 2
    assert list(other.runtime().undo(run=None, volumes=True)) == []
    assert stage.runtime().states()["web"].phase is Phase.RUNNING


def test_when_the_supervisor_is_killed_its_services_are_dead_and_it_says_so(
    stage: EmbeddedStage,
) -> None:
    runtime, seen = stage.runtime(), Seen()
    with runtime.watch(seen):
        runtime.start("sturdy")
        pid = int(seen.wait_for("sturdy", Phase.RUNNING).handle.removeprefix("pid "))
        os.kill(stage.supervisor().pid, signal.SIGKILL)
        dead = seen.wait_for("sturdy", Phase.EXITED)
    assert dead.error == "the supervisor ended, and the service with it"
    gone_within(10, pid)
    stage.runtime("second").start("sturdy")
    assert stage.runtime("second").states()["sturdy"].phase is Phase.RUNNING


def test_a_stopped_supervisor_does_not_hang_undo(stage: EmbeddedStage) -> None:
    stage.runtime().start("sturdy")
    os.kill(stage.supervisor().pid, signal.SIGKILL)
    (stage.state / "run" / "supervisor.pid").unlink()
    assert list(stage.runtime("second").undo(run=None, volumes=True)) == []


def test_what_a_killed_service_left_behind_is_ended_when_it_comes_back(
    stage: EmbeddedStage,
) -> None:
    stage.command(
        "sturdy", f"import subprocess, time; subprocess.Popen({SLEEPER!r}); time.sleep(60)"
    )
    runtime, seen = stage.runtime(), Seen()
    with runtime.watch(seen):
        runtime.start("sturdy")
        child = stage.child_of(seen.wait_for("sturdy", Phase.RUNNING))
        stage.kill("sturdy", signal.SIGKILL)
        seen.wait("sturdy", lambda it: it.restarts == 1)
        gone_within(10, child)


def test_no_secret_is_in_a_configuration_or_an_argument(stage: EmbeddedStage) -> None:
    stage.environment("sturdy", {"KEPT": "/kept", "PASSWORD": "open-sesame-4711"})
    stage.runtime().start("sturdy")
    holders = [
        path.name
        for path in stage.files()
        if path.is_file() and b"open-sesame-4711" in path.read_bytes()
    ]
    assert holders == ["sturdy.json"]
    arguments = [Path(f"/proc/{it.pid}/cmdline").read_bytes() for it in stage.processes()]
    assert arguments
    assert not any(b"open-sesame-4711" in words for words in arguments)


def test_everything_written_is_private(stage: EmbeddedStage) -> None:
    before = os.umask(0)
    try:
        stage.runtime().start("sturdy")
    finally:
        os.umask(before)
    open_to_all = [
        path
        for path in stage.files()
        if stat.S_IMODE(path.stat().st_mode) & 0o077 and path.name != "supervisor.sock"
    ]
    assert open_to_all == []


def test_nothing_of_the_users_environment_leaks_in(
    stage: EmbeddedStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the user")
    stage.command("sturdy", "import time; time.sleep(60)")
    runtime = stage.runtime()
    runtime.start("sturdy")
    pid = runtime.states()["sturdy"].handle.removeprefix("pid ")
    assert b"AWS_SECRET" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_a_stop_ends_an_install_at_once_and_the_next_one_works(
    stage: EmbeddedStage, tmp_path: Path
) -> None:
    clock = SystemClock()
    runtime = stage.runtime(clock=clock)

    def stopping(*_: object, **__: object) -> None:
        clock.stop.set()

    with pytest.raises(Interrupted):
        runtime.prepare(["web"], stopping)
    assert not list((tmp_path / "cache" / "venvs").glob("*/bin"))
    stage.runtime().prepare(["web"], nothing)
    stage.runtime().start("web")


def test_two_installs_at_once_make_one(stage: EmbeddedStage, tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def install(runtime: EmbeddedRuntime) -> None:
        try:
            runtime.prepare(["web"], nothing)
        except BaseException as error:  # noqa: BLE001 (carried to the test's own thread)
            failures.append(error)

    threads = [threading.Thread(target=install, args=(stage.runtime(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(list((tmp_path / "cache" / "venvs").glob("*/bin/python"))) == 1


def test_a_broken_install_is_made_again(stage: EmbeddedStage, tmp_path: Path) -> None:
    stage.runtime().prepare(["web"], nothing)
    (python,) = (tmp_path / "cache" / "venvs").glob("*/bin/python")
    python.unlink()
    said: list[str] = []
    stage.runtime().prepare(["web"], lambda *_args, **_: said.append("installing"))
    assert said
    assert python.exists()


BRINGS_UP = """
import sys
from pathlib import Path
from tests.contract.stages import EmbeddedStage
stage = EmbeddedStage.again(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
runtime = stage.runtime("killed")
print("begins", flush=True)
runtime.prepare(["web"], lambda *_, **__: None)
for name in ("web", "sturdy", "fails"):
    runtime.start(name)
print("done", flush=True)
"""


@pytest.mark.parametrize("milliseconds", [0, 20, 60, 100, 140, 180, 220, 260, 300, 400])
def test_killed_at_any_moment_the_next_undo_leaves_nothing(
    stage: EmbeddedStage, tmp_path: Path, milliseconds: int
) -> None:
    _kill_after(stage, tmp_path, milliseconds)
    assert list(stage.runtime("next").undo(run=None, volumes=True)) == []
    assert stage.left_over() == []


@pytest.mark.parametrize("milliseconds", [30, 120, 170, 230])
def test_killed_at_any_moment_the_next_start_finishes(
    stage: EmbeddedStage, tmp_path: Path, milliseconds: int
) -> None:
    _kill_after(stage, tmp_path, milliseconds)
    runtime = stage.runtime("next")
    runtime.prepare(["web"], nothing)
    for name in ("web", "sturdy"):
        runtime.start(name)
    states = runtime.states()
    assert {states[name].phase for name in ("web", "sturdy")} == {Phase.RUNNING}
    mains = {it.pid for it in stage.processes() if it.parent == stage.supervisor().pid}
    ours = {int(states[name].handle.removeprefix("pid ")) for name in ("web", "sturdy")}
    over_soon = states["fails"].handle.removeprefix("pid ")  # if it got that far
    assert mains - {int(over_soon or 0)} == ours


def _kill_after(stage: EmbeddedStage, folder: Path, milliseconds: int) -> None:
    arguments = [str(folder), str(folder / "cache"), str(stage.web_port)]
    child = subprocess.Popen(
        [sys.executable, "-c", BRINGS_UP, *arguments], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    with child:
        assert child.stdout
        assert child.stdout.readline() == b"begins\n"
        time.sleep(milliseconds / 1000)  # the moment is what is tested
        child.kill()


def gone_within(seconds: float, pid: int) -> None:
    deadline = time.monotonic() + seconds
    while look(pid) is not None:
        assert time.monotonic() < deadline, f"{pid} still runs"
        time.sleep(0.01)
