"""What there is to see of a service: its log since its last start, and how it was run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envcheck.runtimes.embedded.layout import Layout
from envcheck.runtimes.embedded.processes import Process

TAIL_BYTES = 64 * 1024
TAIL_LINES = 200


def mark_of(layout: Layout, service: str) -> Mapping[str, Any]:
    """What the launcher wrote at the last start; empty before the first."""
    return read_json(layout.mark(service))


def spec_of(layout: Layout, service: str) -> Mapping[str, Any]:
    return read_json(layout.spec(service))


def last_start(layout: Layout, service: str) -> Process | None:
    mark = mark_of(layout, service)
    return Process(mark["pid"], mark["started"]) if mark else None


def log_tail(layout: Layout, service: str) -> tuple[str, ...]:
    """At most 200 lines and 64 KiB, none from before the last start."""
    begins = int(mark_of(layout, service).get("begins", 0))
    try:
        with layout.log(service).open("rb") as file:
            size = file.seek(0, 2)
            begins = begins if begins <= size else 0  # the log was rotated since
            file.seek(max(begins, size - TAIL_BYTES))
            text = file.read(TAIL_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return ()
    return tuple(text.splitlines()[-TAIL_LINES:])


def read_json(path: Path) -> Mapping[str, Any]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}
