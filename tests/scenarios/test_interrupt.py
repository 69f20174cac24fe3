"""Ctrl-C and SIGTERM at every phase: the command ends, and nothing of its run is left."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scenarios.play import HANG, SHOP, Event, Theatre
from tests.scenarios.stage import AIRFLOW, Stage

pytestmark = pytest.mark.scenario

INT, TERM = signal.SIGINT, signal.SIGTERM
CODES = {INT: 130, TERM: 143}
WITHOUT_AIRFLOW = ("--wave", "2", "--without", ",".join(AIRFLOW))


def is_event(name: str, **fields: object) -> Callable[[Event], bool]:
    return lambda event: (
        event["event"] == name and all(event.get(field) == value for field, value in fields.items())
    )


MOMENTS = {
    "begun": is_event("RunStarted"),
    "starting": is_event("WaveStarted", number=1),
    "started": is_event("ServiceChanged", service="db"),
    "waiting": is_event("Waiting", service="db"),
    "the next wave": is_event("WaveEnded", number=1),
    "the last wait": is_event("Waiting", service="cache"),
}


@pytest.fixture
def theatre() -> Iterator[Theatre]:
    # not pytest's own temp folder: that is closed to the user servers run as where we are root
    folder = Path(tempfile.mkdtemp(prefix="envcheck-play-"))
    (folder / "compose.yaml").write_text(SHOP)
    made = Theatre(folder)
    try:
        yield made
    finally:
        made.run("down", "--volumes")
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def recommender() -> Iterator[Theatre]:
    folder = Path(tempfile.mkdtemp(prefix="envcheck-play-"))
    Stage(folder)
    made = Theatre(folder)
    try:
        yield made
    finally:
        made.run("down", "--volumes")
        shutil.rmtree(folder)


@pytest.mark.parametrize("number", [INT, TERM])
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupted_run_leaves_nothing(
    theatre: Theatre, moment: str, number: signal.Signals
) -> None:
    before = theatre.empty()
    code, said = theatre.interrupt(number, MOMENTS[moment], "up")
    assert code == CODES[number], said
    assert "our bug" not in said
    assert theatre.left() == before


def test_at_the_last_moment_it_is_either_undone_or_stands_as_said(theatre: Theatre) -> None:
    before = theatre.empty()
    code, said = theatre.interrupt(INT, is_event("WaveEnded", number=2), "up")
    if code == 0:
        assert "interrupted" not in said
        assert set(theatre.pids()) == {"db", "cache"}
        assert theatre.run("down", "--volumes")[0] == 0
    else:
        assert code == 130, said
    assert theatre.left() == before


@pytest.mark.parametrize("phase", ["seed", "verify", "check"])
def test_seeding_verifying_and_checking_end_as_cleanly(recommender: Theatre, phase: str) -> None:
    before = recommender.empty()
    moment = is_event("PhaseStarted", phase=phase)
    code, said = recommender.interrupt(INT, moment, "up", *WITHOUT_AIRFLOW)
    assert code == 130, said
    assert recommender.left() == before


def test_an_installer_ends_with_us(theatre: Theatre) -> None:
    before = theatre.empty()
    cache = theatre.folder / "cache"
    installing = is_event("Progressed", step="prepare")
    code, said = theatre.interrupt(INT, installing, "up", XDG_CACHE_HOME=str(cache))
    assert code == 130, said
    assert theatre.left() == before
    assert [path.name for path in (cache / "envcheck" / "venvs").iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("times", [2, 3])
def test_impatience_never_leaves_more_than_gc_can_finish(theatre: Theatre, times: int) -> None:
    before = theatre.empty()
    code, said = theatre.interrupt(INT, MOMENTS["waiting"], "up", times=times)
    assert code == 130, said
    assert "interrupted, ending" in said
    code, said = theatre.run("gc")
    assert code == 0, said
    assert theatre.left() == before


def test_a_reused_older_stack_is_left_alone(theatre: Theatre) -> None:
    code, said = theatre.run("up")
    assert code == 0, said
    before = theatre.pids()
    assert set(before) == {"db", "cache"}
    code, said = theatre.interrupt(INT, MOMENTS["the next wave"], "up")
    assert code == 130, said
    assert theatre.pids() == before
    code, said = theatre.run("verify")
    assert code == 0, said


def test_an_interrupt_only_ends_what_only_looked(theatre: Theatre) -> None:
    assert theatre.run("up")[0] == 0
    before = theatre.pids()
    code, said = theatre.interrupt(TERM, is_event("RunStarted"), "verify")
    assert code == 143, said
    assert theatre.pids() == before


def test_down_goes_on_to_its_end_and_says_that_it_was_interrupted(theatre: Theatre) -> None:
    before = theatre.empty()
    assert theatre.run("up")[0] == 0
    whole = len(theatre.processes())
    with theatre.begin("down") as command:
        while command.poll() is None and len(theatre.processes()) > whole:
            continue
        command.send_signal(INT)
        said, _ = command.communicate(timeout=HANG)
    assert command.returncode == 130, said
    assert theatre.run("down", "--volumes")[0] == 0
    assert theatre.left() == before
