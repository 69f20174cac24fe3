"""``envcheck schema``."""

from __future__ import annotations

import json

import click


@click.command("schema")
@click.argument("which", type=click.Choice(["wave", "environment"]), default="wave")
def command(which: str) -> int:
    """Print the JSON Schema of wave or environment files, for editors."""
    from envcheck.config.schema import environment_schema, wave_schema

    found = environment_schema() if which == "environment" else wave_schema()
    click.echo(json.dumps(found, indent=2))
    return 0
