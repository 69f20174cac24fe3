from __future__ import annotations

from pathlib import Path

import pytest

from envcheck.model.service import Phase, ServiceState
from envcheck.runtimes.embedded.journal import SUPERVISOR_ENDED, Journal, comes_back

STAMP = "2026-11-21 02:00:0{},500 INFO "
BASE = 1795226400.5  # 02:00:00.500 UTC


def told(folder: Path, *messages: str, restart: str = "no") -> list[ServiceState]:
    path = folder / "supervisor.log"
    lines = [STAMP.format(second) + message for second, message in enumerate(messages)]
    path.write_text("\n".join(lines) + "\n")
    return list(Journal(path, lambda _name: restart).read())


def test_a_start_is_running_since_the_millisecond_it_was_spawned(tmp_path: Path) -> None:
    (state,) = told(tmp_path, "spawned: 'web' with pid 42")
    assert state == ServiceState("web", Phase.RUNNING, since=BASE, handle="pid 42")


@pytest.mark.parametrize(
    ("words", "code", "signal"),
    [
        ("exit status 3; not expected", 3, ""),
        ("exit status 0; expected", 0, ""),
        ("terminated by SIGKILL; not expected", 137, "SIGKILL"),
        ("terminated by SIGSEGV (core dumped); not expected", 139, "SIGSEGV"),
        ("terminated by signal 35; not expected", 163, "signal 35"),
    ],
)
def test_a_death_has_code_signal_and_moment(
    tmp_path: Path, words: str, code: int, signal: str
) -> None:
    *_, state = told(tmp_path, "spawned: 'web' with pid 42", f"exited: web ({words})")
    assert state.phase is Phase.EXITED
    assert (state.exit_code, state.signal, state.died_at) == (code, signal, BASE + 1)
    assert state.handle == ""


def test_a_restart_by_policy_is_counted_and_its_reason_stays(tmp_path: Path) -> None:
    spawned, died = "spawned: 'web' with pid 4{}", "exited: web (exit status 1; not expected)"
    states = told(tmp_path, spawned.format(1), died, spawned.format(2), restart="always")
    assert [state.phase for state in states] == [Phase.RUNNING, Phase.RESTARTING, Phase.RUNNING]
    assert (states[-1].restarts, states[-1].exit_code) == (1, 1)


def test_a_start_by_hand_counts_from_nothing(tmp_path: Path) -> None:
    spawned, stopped = "spawned: 'web' with pid 4{}", "stopped: web (terminated by SIGTERM)"
    *_, state = told(tmp_path, spawned.format(1), stopped, spawned.format(2), restart="always")
    assert (state.phase, state.restarts, state.exit_code) == (Phase.RUNNING, 0, None)


def test_what_was_asked_to_stop_does_not_come_back(tmp_path: Path) -> None:
    spawned, stopped = "spawned: 'web' with pid 41", "stopped: web (exit status 0)"
    *_, state = told(tmp_path, spawned, stopped, restart="always")
    assert (state.phase, state.exit_code) == (Phase.EXITED, 0)


def test_a_service_stopped_while_it_waits_for_its_restart_is_dead(tmp_path: Path) -> None:
    *_, state = told(
        tmp_path,
        "spawned: 'web' with pid 41",
        "exited: web (exit status 1; not expected)",
        "Attempted to kill web, which is in BACKOFF state.",
        restart="always",
    )
    assert state.phase is Phase.EXITED


def test_a_new_supervisor_means_the_old_ones_services_are_dead(tmp_path: Path) -> None:
    *_, state = told(tmp_path, "spawned: 'web' with pid 41", "supervisord started with pid 7")
    assert (state.phase, state.error) == (Phase.EXITED, SUPERVISOR_ENDED)


def test_a_line_still_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "supervisor.log"
    line = STAMP.format(0) + "spawned: 'web' with pid 42"
    path.write_text(line[:40])
    journal = Journal(path, lambda _name: "no")
    assert list(journal.read()) == []
    path.write_text(line + "\n")
    assert [state.handle for state in journal.read()] == ["pid 42"]


def test_nothing_is_told_twice_and_a_removed_log_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "supervisor.log"
    path.write_text(STAMP.format(0) + "spawned: 'web' with pid 42\n")
    journal = Journal(path, lambda _name: "no")
    assert len(list(journal.read())) == 1
    assert list(journal.read()) == []
    path.unlink()
    assert list(journal.read()) == []
    assert journal.states == {}


@pytest.mark.parametrize(
    ("restart", "code", "returns"),
    [
        ("no", 1, False),
        ("always", 0, True),
        ("unless-stopped", 0, True),
        ("on-failure", 0, False),
        ("on-failure", 1, True),
        ("on-failure:3", 1, True),
    ],
)
def test_restart_policies_mean_what_compose_means(restart: str, code: int, returns: bool) -> None:
    assert comes_back(restart, code) is returns
