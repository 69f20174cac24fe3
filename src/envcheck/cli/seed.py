"""``envcheck seed``."""

from __future__ import annotations

from typing import Any

import click

from envcheck.cli.options import told, wanted, where


@click.command("seed")
@where
@told
def command(**given: Any) -> int:
    """Write the fixtures into what already runs; what is there already stays as it is."""
    from envcheck.cli.running import recorded

    return recorded(wanted(**given), "seed", lambda made: made.runner.seed())
