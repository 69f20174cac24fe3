"""Every option that more than one command has, once, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

RUNTIMES = ("auto", "compose", "embedded", "external")
PROGRESS = ("auto", "live", "plain", "json", "none")


class Duration(click.ParamType[float]):
    """``90``, ``90s``, ``2m``."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        from envcheck.kind import seconds

        try:
            return seconds(value if not str(value).isdigit() else float(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line, in one piece."""

    environment: str = ""
    files: tuple[Path, ...] = ()
    wave: int | None = None
    runtime: str = "auto"
    images: str = "published"
    without: frozenset[str] = frozenset()
    profile: str = "small"
    scale: float = 1.0
    timeout: float | None = None
    progress: str = "auto"
    report: tuple[str, ...] = ()
    strict: bool = False
    as_json: bool = False


def where(command: F) -> F:
    """Which environment, which waves, where it runs."""
    for option in (
        click.option(
            "--without", multiple=True, metavar="SERVICE", help="Leave a service out; * matches."
        ),
        click.option("--scale", type=float, default=1.0, help="Multiply the sample data."),
        click.option(
            "--profile", type=click.Choice(["small", "full"]), default="small", help="Sample data."
        ),
        click.option(
            "--runtime", type=click.Choice(RUNTIMES), default="auto", help="What runs the services."
        ),
        click.option(
            "--images",
            type=click.Choice(["published", "local"]),
            default="published",
            help="local: stand-ins built here, where no registry answers (with --runtime compose).",
        ),
        click.option("-w", "--wave", type=int, help="Up to this wave (default: all)."),
        click.option(
            "-f",
            "--file",
            "files",
            multiple=True,
            type=click.Path(path_type=Path),
            help="A plain Compose file, without wave files.",
        ),
        click.option(
            "-e",
            "--environment",
            default="",
            envvar="ENVCHECK_ENVIRONMENT",
            help="A folder under waves/ (default: the only one, or recommender).",
        ),
    ):
        command = option(command)
    return command


def told(command: F) -> F:
    """How it is shown, what is written, when it ends."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="The JSON report on stdout."),
        click.option("--strict", is_flag=True, help="WARN exits 1; a skipped check is UNKNOWN."),
        click.option(
            "--report", multiple=True, metavar="FORMAT[=PATH]", help="Also write a report."
        ),
        click.option(
            "--progress", type=click.Choice(PROGRESS), default="auto", help="How to show progress."
        ),
        click.option("--timeout", type=Duration(), help="Give up after this long (10m, 90s)."),
    ):
        command = option(command)
    return command


def wanted(**given: Any) -> Wanted:
    """The options as click delivers them → Wanted."""
    given["without"] = frozenset(
        name for value in given.pop("without", ()) for name in value.split(",") if name
    )
    return Wanted(**given)
