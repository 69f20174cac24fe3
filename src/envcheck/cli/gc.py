"""``envcheck gc``: finish what a killed run left."""

from __future__ import annotations

from typing import Any

import click

from envcheck.cli.options import wanted, where


@click.command("gc")
@where
def command(**given: Any) -> int:
    """Remove what a run that was killed left behind: processes, sockets, temporary folders."""
    from envcheck.cli.down import take_down

    return take_down(wanted(**given), volumes=False)
