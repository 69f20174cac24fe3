"""``envcheck up``: the whole chain for waves 1…N."""

from __future__ import annotations

from typing import Any

import click

from envcheck.cli.options import told, wanted, where


@click.command("up")
@where
@told
@click.option("--fail-fast", is_flag=True, help="Stop at the first wave that fails.")
@click.option(
    "--down",
    type=click.Choice(["never", "always", "on-failure"]),
    default="never",
    help="Remove everything at the end; data that was there before stays.",
)
def command(fail_fast: bool, down: str, **given: Any) -> int:
    """Bring waves up, wait until every service is truly ready, seed, verify, check.

    The environment stays up, passed or failed, unless --down says otherwise. On an unchanged,
    running environment this only verifies.
    """
    from envcheck.cli.running import recorded
    from envcheck.cli.signals import of_this_command
    from envcheck.cli.wiring import Session

    def work(made: Session) -> None:
        made.runner.fail_fast = fail_fast
        made.runner.up()

    runs: list[str] = []
    asked = wanted(**given)
    code = recorded(asked, "up", work, lambda made: runs.append(made.run))
    wished = down == "always" or (down == "on-failure" and code != 0)
    if not wished or of_this_command().code:  # an interrupt has removed what this run made
        return code
    from envcheck.cli.down import take_down

    return take_down(asked, volumes=False, and_data_of=runs[0]) or code
