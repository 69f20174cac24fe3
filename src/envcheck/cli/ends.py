"""The end of a run: reports on disk, the verdict on screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from envcheck.cli.wiring import Session
from envcheck.errors import UsageError
from envcheck.system.files import write_private

ALWAYS = ("json", "junit")  # written beside every record, whatever was asked for
NAMES = {"json": "report.json", "junit": "junit.xml"}


def wanted_reports(wanted: Sequence[str]) -> dict[str, Path | None]:
    """``FORMAT[=PATH]`` → path. Raises UsageError for a format we do not write."""
    from envcheck.catalog import REPORTS

    asked: dict[str, Path | None] = {}
    for given in wanted:
        name, _, path = given.partition("=")
        if name not in REPORTS:
            known = ", ".join(sorted(REPORTS))
            raise UsageError(f"--report {given}: unknown format {name!r}", f"known: {known}")
        asked[name] = Path(path) if path else None
    return asked


def write_reports(made: Session) -> None:
    """The JSON and JUnit reports always, others when asked for; private files."""
    from envcheck.catalog import REPORTS

    record = made.recorder.record
    asked = wanted_reports((*made.environment.reports, *made.wanted.report))
    for name in dict.fromkeys((*ALWAYS, *asked)):
        text = REPORTS[name](record)
        write_private(made.folder / NAMES.get(name, f"report.{name}"), text)
        if path := asked.get(name):
            write_private(path, text)


def show_end(made: Session) -> None:
    """The JSON report on stdout where it was asked for, else the ending for people."""
    record = made.recorder.record
    if made.wanted.as_json:
        from envcheck.reporting.json_report import render

        click.echo(render(record))
        return
    if made.wanted.progress in ("json", "none"):
        return
    from envcheck.reporting.ending import ending
    from envcheck.reporting.paint import Paint, wants_colour
    from envcheck.reporting.view import writer

    where = os.path.relpath(made.folder)
    paint = Paint(wants_colour(sys.stdout.isatty(), os.environ))
    writer(sys.stdout)("\n" + ending(record, where=where, paint=paint))
