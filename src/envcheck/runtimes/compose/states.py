"""What the engine says of containers, in the words every runtime shares. Pure."""

from __future__ import annotations

import re
import signal as signals
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from envcheck.model.service import Health, Phase, ServiceState

Inspected = Mapping[str, Any]

PHASES = {
    "created": Phase.CREATED,
    "running": Phase.RUNNING,
    "paused": Phase.PAUSED,
    "restarting": Phase.RESTARTING,
    "removing": Phase.EXITED,
    "exited": Phase.EXITED,
    "dead": Phase.EXITED,
}
# of several replicas the service is what its worst one is
WORST_FIRST = (
    Phase.EXITED,
    Phase.RESTARTING,
    Phase.ABSENT,
    Phase.CREATED,
    Phase.PREPARING,
    Phase.PAUSED,
    Phase.RUNNING,
)
WORST_HEALTH = (Health.UNHEALTHY, Health.STARTING, Health.HEALTHY, Health.NONE)
BY_A_SIGNAL = 128
SHORT = 12  # digits of a container's id, as the docker CLI shows them


def state_of(service: str, seen: Inspected) -> ServiceState:
    """One container. An exit code above 128 is taken for the signal it stands for."""
    said = seen["State"]
    phase = PHASES.get(said["Status"], Phase.CREATED)
    over = phase in (Phase.EXITED, Phase.RESTARTING)
    ended = moment(said.get("FinishedAt", "")) if over else 0.0
    health = _health(said) if phase is Phase.RUNNING else Health.NONE
    state = ServiceState(
        service,
        phase,
        since=ended or _since(seen, phase, health),
        restarts=int(seen.get("RestartCount", 0)),
        health=health,
        error=str(said.get("Error") or "").strip(),
        handle=_handle(seen),
        out_of_memory=over and bool(said.get("OOMKilled")),
    )
    return died(state, int(said["ExitCode"]), ended) if over else state


def died(state: ServiceState, exit_code: int, when: float) -> ServiceState:
    name = "" if state.error else signal_name(exit_code)
    return replace(state, exit_code=exit_code, signal=name, died_at=when)


def signal_name(exit_code: int) -> str:
    """``SIGKILL`` for 137; empty for a code that stands for no signal."""
    try:
        return signals.Signals(exit_code - BY_A_SIGNAL).name
    except ValueError:
        return ""


def together(service: str, states: Iterable[ServiceState], replicas: int = 1) -> ServiceState:
    """All replicas as one state: the worst phase and health, restarts added up."""
    known = sorted(states, key=lambda it: WORST_FIRST.index(it.phase))
    if not known:
        return ServiceState(service, Phase.ABSENT)
    if len(known) == 1 and replicas <= 1:
        return known[0]
    worst = known[0]
    if worst.phase is Phase.RUNNING and len(known) < replicas:
        worst = replace(worst, phase=Phase.CREATED, detail=f"{len(known)} of {replicas} replicas")
    return replace(
        worst,
        restarts=sum(it.restarts for it in known),
        health=min((it.health for it in known), key=WORST_HEALTH.index),
        handle=" ".join(sorted(it.handle for it in known)),
    )


def moment(written: str) -> float:
    """The engine's time (RFC 3339, nanoseconds) in seconds since the epoch; 0 for never."""
    matched = re.fullmatch(r"(\d{4}-.*?)(\.\d+)?(Z|[+-]\d\d:\d\d)", written)
    if matched is None or written.startswith("0001-"):
        return 0.0
    zone = matched[3].replace("Z", "+00:00")
    return datetime.fromisoformat(matched[1] + zone).timestamp() + float(matched[2] or 0)


def _since(seen: Inspected, phase: Phase, health: Health) -> float:
    """A change of health is a change: its time is that of the latest look."""
    if phase is Phase.CREATED:
        return moment(str(seen.get("Created", "")))
    looks = (seen["State"].get("Health") or {}).get("Log") or ()
    if health in (Health.UNHEALTHY, Health.HEALTHY) and looks:
        return moment(str(looks[-1]["End"]))
    return moment(str(seen["State"].get("StartedAt", "")))


def _health(said: Mapping[str, Any]) -> Health:
    status = (said.get("Health") or {}).get("Status", "none")
    return Health(status) if status in set(Health) else Health.NONE


def _handle(seen: Inspected) -> str:
    """A container keeps its id over restarts; with the pid it is known which life this is."""
    pid = seen["State"].get("Pid") or 0
    return f"container {seen['Id'][:SHORT]}" + (f" (pid {pid})" if pid else "")
