"""Rows as a Markdown table, and the page that keeps them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.measure import REPOSITORY, Row, machine

HEAD = ("case", "median", "min–max", "n", "own CPU", "target", "baseline", "× baseline", "made by")
PAGE = Path(__file__).with_name("README.md")
MARK = "<!-- measured -->"


def line(row: Row) -> tuple[str, ...]:
    low, high = row.spread
    return (
        row.case.name,
        said(row.wall),
        f"{said(low)}–{said(high)}",
        str(len(row.runs)),
        said(row.cpu) + (" per waited minute" if row.case.name == "waiting" else ""),
        row.case.target,
        f"{row.case.baseline}: {said(row.base)}",
        f"{row.ratio:,.1f}",
        f"`{row.case.command}`",
    )


def table(rows: Sequence[Row]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *map(line, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def said(seconds: float) -> str:
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"


def heading(before: str) -> str:
    """``before`` is what the load was when the run began."""
    commit = subprocess.run(
        ["git", "log", "-1", "--format=%h"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    facts = ", ".join(f"{name} {value}" for name, value in machine().items())
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"Measured {when} at commit {commit or 'unknown'}; {facts}; load before: {before}."


def keep(rows: Sequence[Row], before: str) -> None:
    """The newest measurements replace those on the page."""
    words, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    measured = f"{MARK}\n\n{heading(before)}\n\n{table(rows)}\n"
    PAGE.write_text(words + measured, encoding="utf-8")
