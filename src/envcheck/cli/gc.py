"""``envcheck gc``: finish what a killed run left."""

from __future__ import annotations

from typing import Any

import click

from envcheck.cli.options import wanted, where


@click.command("gc")
@where
def command(**given: Any) -> int:
    """Remove what a run that was killed left behind: processes, data, sockets, folders.

    What a run that came to its end brought up stays: `envcheck down` removes that.
    """
    from envcheck.cli.finishing import finish_killed
    from envcheck.cli.signals import of_this_command
    from envcheck.cli.wiring import held

    interrupts = of_this_command()
    with held(wanted(**given), "gc", interrupts) as base:
        interrupts.cleaning()
        said = list(finish_killed(base.ledger, base.runtime))
    name = base.environment.name
    click.echo("\n".join(said) or f"{name}: no run was killed here, nothing to finish")
    return interrupts.code
