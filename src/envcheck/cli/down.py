"""``envcheck down``: remove what we made, and prove it by listing."""

from __future__ import annotations

from typing import Any

import click

from envcheck.cli.options import Wanted, wanted, where


@click.command("down")
@where
@click.option("--volumes", is_flag=True, help="Remove the data as well.")
def command(volumes: bool, **given: Any) -> int:
    """Stop and remove everything we started here. Data stays unless --volumes is given."""
    return take_down(wanted(**given), volumes=volumes)


def take_down(asked: Wanted, *, volumes: bool) -> int:
    """The exit code: 0 when listing proves that nothing is left, else 6."""
    from envcheck.cli.wiring import ground
    from envcheck.engine.ownership import locked
    from envcheck.errors import CleanupError
    from envcheck.system.clock import SystemClock

    base = ground(asked, SystemClock())
    with locked(base.state, "down"):
        before = base.ledger.standing()
        left = base.runtime.undo(run=None, volumes=volumes)
        after = base.ledger.standing()
    if left:
        raise CleanupError("not everything could be removed:\n  " + "\n  ".join(left))
    click.echo(_removed(len(before), len(after), base.environment.name))
    return 0


def _removed(before: int, after: int, name: str) -> str:
    if not before:
        return f"{name}: nothing of ours was here"
    kept = f"; kept {after} (data: --volumes removes it)" if after else ""
    return f"{name}: removed {before - after}, nothing left running{kept}"
