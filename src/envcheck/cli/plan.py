"""``envcheck plan``."""

from __future__ import annotations

import json
from typing import Any

import click

from envcheck.cli.options import wanted, where


@click.command("plan")
@where
@click.option("--json", "as_json", is_flag=True, help="The plan as JSON.")
def command(as_json: bool, **given: Any) -> int:
    """What would happen, in order, with the reason of every step. Starts nothing."""
    from envcheck.cli.wiring import ground, upto
    from envcheck.engine.planner import plan
    from envcheck.system.clock import SystemClock

    asked = wanted(**given)
    base = ground(asked, SystemClock())
    made = plan(
        base.environment,
        upto=upto(asked, base.environment),
        runtime=base.runtime.name,
        limits=base.runtime.limits(),
        without=base.without,
    )
    click.echo(json.dumps(made.as_data(), indent=2) if as_json else str(made))
    return 0
