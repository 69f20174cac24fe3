"""``envcheck completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script: eval "$(envcheck completion bash)"."""
    from envcheck.cli import envcheck

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(found(envcheck, {}, "envcheck", "_ENVCHECK_COMPLETE").source())
    return 0
