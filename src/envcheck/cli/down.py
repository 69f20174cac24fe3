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


def take_down(asked: Wanted, *, volumes: bool, and_data_of: str = "") -> int:
    """0 when listing proves that nothing is left, else CleanupError; an interrupt does not end it
    but shows in the exit code. ``and_data_of``: a run whose volumes go in any case."""
    from envcheck.cli.finishing import finish_killed
    from envcheck.cli.signals import of_this_command
    from envcheck.cli.wiring import held
    from envcheck.errors import CleanupError

    interrupts = of_this_command()
    with held(asked, "down", interrupts) as base:
        interrupts.cleaning()
        finished = list(finish_killed(base.ledger, base.runtime))
        before = base.ledger.standing()
        left = [*(base.runtime.undo(run=and_data_of, volumes=True) if and_data_of else ())]
        left += base.runtime.undo(run=None, volumes=volumes)
        after = base.ledger.standing()
    if left:
        raise CleanupError("not everything could be removed:\n  " + "\n  ".join(left))
    if before or not finished:
        finished.append(_removed(len(before), len(after), base.environment.name))
    click.echo("\n".join(finished))
    return interrupts.code


def _removed(before: int, after: int, name: str) -> str:
    if not before:
        return f"{name}: nothing of ours was here"
    kept = f"; kept {after} (data: --volumes removes it)" if after else ""
    return f"{name}: removed {before - after}, nothing left running{kept}"
