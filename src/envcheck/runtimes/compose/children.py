"""The docker commands we started, known by pid and start time: a pid alone is soon another's."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from envcheck.model.runtime import Ledger

ENDS = 5.0  # seconds


def started(pid: int) -> str:
    """Clock ticks from boot to its start; empty when there is no such process or no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def end_orphans(ledger: Ledger) -> list[str]:
    """End what a killed run left at work; sentences about those that would not go."""
    left = []
    for mark in ledger.standing():
        if mark.kind != "process":
            continue
        if _end(int(mark.id), mark.facts.get("started", "")):
            ledger.gone(mark)
        else:
            left.append(f"docker command {mark.id} does not end")
    return left


def _end(pid: int, since: str) -> bool:
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + ENDS
        with suppress(ProcessLookupError):
            if since and started(pid) == since:
                os.kill(pid, number)
        while since and started(pid) == since:
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        else:
            return True
    return False
