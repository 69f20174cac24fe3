"""``envcheck check``."""

from __future__ import annotations

from typing import Any

import click

from envcheck.cli.options import told, wanted, where


@click.command("check")
@where
@told
def command(**given: Any) -> int:
    """The API checks alone, asked now of what already runs."""
    from envcheck.cli.running import recorded

    return recorded(wanted(**given), "check", lambda made: made.runner.check())
