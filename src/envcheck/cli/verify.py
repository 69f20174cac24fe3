"""``envcheck verify``."""

from __future__ import annotations

from typing import Any

import click

from envcheck.cli.options import told, wanted, where


@click.command("verify")
@where
@told
def command(**given: Any) -> int:
    """Services, verification, API checks: everything that must hold, asked now of what runs."""
    from envcheck.cli.running import recorded

    return recorded(wanted(**given), "verify", lambda made: made.runner.verify())
