from __future__ import annotations

from typing import Any

import pytest

from envcheck.model.service import Health, Phase, ServiceState
from envcheck.runtimes.compose.states import moment, signal_name, state_of, together

STARTED = "2026-11-21T03:00:00.5Z"
ENDED = "2026-11-21T03:00:02.123456789Z"
NEVER = "0001-01-01T00:00:00Z"


def seen(status: str, **said: Any) -> dict[str, Any]:
    state = {"Status": status, "ExitCode": 0, "Pid": 0, "StartedAt": STARTED, "FinishedAt": NEVER}
    return {
        "Id": "abcdef0123456789",
        "Created": STARTED,
        "RestartCount": said.pop("restarts", 0),
        "State": state | said,
    }


def test_a_running_container_is_running_since_it_started() -> None:
    state = state_of("web", seen("running", Pid=42))
    assert (state.phase, state.since, state.restarts) == (Phase.RUNNING, moment(STARTED), 0)
    assert state.handle == "container abcdef012345 (pid 42)"
    assert state.exit_code is None


def test_an_exit_code_is_kept_with_the_time_of_death() -> None:
    state = state_of("web", seen("exited", ExitCode=3, FinishedAt=ENDED))
    assert (state.exit_code, state.signal, state.died_at) == (3, "", moment(ENDED))
    assert state.exit_in_words == "exited with code 3"


def test_an_exit_code_above_128_names_its_signal() -> None:
    state = state_of("web", seen("exited", ExitCode=137, FinishedAt=ENDED))
    assert state.exit_in_words == "killed by SIGKILL"
    assert signal_name(255) == ""


def test_out_of_memory_is_said_before_the_signal() -> None:
    state = state_of("web", seen("exited", ExitCode=137, OOMKilled=True, FinishedAt=ENDED))
    assert state.exit_in_words == "killed: out of memory"


def test_what_the_engine_could_not_start_carries_its_words_and_no_signal() -> None:
    said = 'exec: "nothere": executable file not found in $PATH'
    state = state_of("web", seen("exited", ExitCode=130, Error=said, FinishedAt=ENDED))
    assert (state.error, state.signal) == (said, "")


def test_an_old_out_of_memory_death_does_not_mark_its_new_life() -> None:
    assert not state_of("web", seen("running", OOMKilled=True, restarts=1)).out_of_memory


@pytest.mark.parametrize("health", ["starting", "healthy", "unhealthy"])
def test_the_health_of_a_running_container_is_told(health: str) -> None:
    assert state_of("web", seen("running", Health={"Status": health})).health is Health(health)


def test_the_health_of_a_dead_container_is_none() -> None:
    state = state_of("web", seen("exited", Health={"Status": "healthy"}, FinishedAt=ENDED))
    assert state.health is Health.NONE


def test_unhealthy_is_since_the_look_that_said_so() -> None:
    looks = {"Status": "unhealthy", "Log": [{"End": ENDED, "ExitCode": 1}]}
    assert state_of("web", seen("running", Health=looks)).since == moment(ENDED)


def test_a_service_is_what_its_worst_replica_is() -> None:
    runs = ServiceState("web", Phase.RUNNING, health=Health.HEALTHY, restarts=1)
    fell = ServiceState("web", Phase.EXITED, exit_code=1, restarts=2)
    both = together("web", [runs, fell], replicas=2)
    assert (both.phase, both.exit_code, both.restarts) == (Phase.EXITED, 1, 3)


def test_a_missing_replica_keeps_a_service_from_running() -> None:
    both = together("web", [ServiceState("web", Phase.RUNNING)], replicas=2)
    assert (both.phase, both.detail) == (Phase.CREATED, "1 of 2 replicas")


def test_without_a_container_a_service_is_absent() -> None:
    assert together("web", []).phase is Phase.ABSENT


def test_nanoseconds_and_zones_are_read() -> None:
    assert moment(ENDED) == pytest.approx(1795230002.123456789)
    assert moment("2026-11-21T04:00:02.123456789+01:00") == pytest.approx(moment(ENDED))
    assert moment(NEVER) == moment("") == 0.0
