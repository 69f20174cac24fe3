"""The command line: parse, wire, run, exit. Commands are imported only when they are called."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from envcheck import __version__
from envcheck.cli.edge import guarded
from envcheck.cli.signals import Interrupts

COMMANDS = {
    "up": "Bring waves up, wait until truly ready, seed, verify, check.",
    "plan": "What would happen, and why.",
    "doctor": "Is this machine fit for it?",
    "status": "What runs now, where, and who holds it.",
    "verify": "Everything that must hold, asked of what already runs.",
    "check": "The API checks alone, asked of what already runs.",
    "seed": "Write the fixtures; what is there already stays.",
    "down": "Remove what we made, and prove it.",
    "gc": "Finish what a killed run left.",
    "schema": "The JSON Schema of wave and environment files.",
    "completion": "Shell completion for bash, zsh or fish.",
}


class Commands(click.Group):
    """Knows the name and purpose of each command without importing it."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command:
        if name not in COMMANDS:
            raise click.UsageError(_unknown(name))
        command: click.Command = import_module(f"envcheck.cli.{name}").command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, COMMANDS, n=1)
    return f"no command {name!r}" + (f"; did you mean {close[0]}?" if close else "")


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="envcheck")
def envcheck() -> None:
    """Bring a Docker Compose environment up in waves, prove that it works, and name the cause when
    it does not.

    \b
    Exit codes: 0 passed or warned · 1 a check failed · 2 usage · 3 a file you wrote is wrong
    4 the engine or a service would not come up · 5 unknown · 6 cleanup incomplete
    70 our bug · 130/143 interrupted and clean
    """


def main() -> int:
    """Run one command; the exit code of whatever went wrong. Everything said has been written."""
    interrupts = Interrupts()
    interrupts.hear()
    return guarded(
        lambda: envcheck(prog_name="envcheck", standalone_mode=False, obj=interrupts), sys.stderr
    )
