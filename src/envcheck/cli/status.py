"""``envcheck status``: what runs now, where, and who holds it."""

from __future__ import annotations

import json
from typing import Any

import click

from envcheck.cli.options import wanted, where


@click.command("status")
@where
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(as_json: bool, **given: Any) -> int:
    """State, address, process and log of each service; and who holds the project."""
    from envcheck.cli.wiring import ground
    from envcheck.engine.ownership import holder_of
    from envcheck.model.service import Phase
    from envcheck.system.clock import SystemClock

    base = ground(wanted(**given), SystemClock())
    absent = {it.service: it.reason for it in base.runtime.limits() if it.capability == "run"}
    rows = []
    for name, state in base.runtime.states().items():
        addresses = sorted({str(it) for it in base.runtime.endpoints(name).values()})
        rows.append(
            {
                "service": name,
                "wave": base.environment.wave_of(name),
                "state": "not run here" if name in absent else state.phase.value,
                "exit_code": state.exit_code,
                "address": addresses,
                "handle": state.handle,
                "log": base.runtime.log_path(name) if state.phase is not Phase.ABSENT else "",
                "reason": absent.get(name, ""),
            }
        )
    rows.sort(key=lambda row: (row["wave"], row["service"]))
    found = {
        "environment": base.environment.name,
        "runtime": base.runtime.name,
        "held_by": holder_of(base.state),
        "services": rows,
    }
    click.echo(json.dumps(found, indent=2) if as_json else _table(found))
    return 0


def _table(found: dict[str, Any]) -> str:
    held = found["held_by"] or "nobody"
    lines = [f"{found['environment']} on {found['runtime']}, held by {held}", ""]
    rows = found["services"]
    width = max([len(row["service"]) for row in rows], default=0) + 2
    for row in rows:
        where = ", ".join(row["address"])
        state = f"{row['state']}{_code(row)}"
        tail = row["reason"] or f"{row['handle']:<12} {row['log']}"
        lines.append(f"  {row['service']:<{width}}{state:<14}{where:<18} {tail}".rstrip())
    return "\n".join(lines)


def _code(row: dict[str, Any]) -> str:
    return f" ({row['exit_code']})" if row["exit_code"] is not None else ""
