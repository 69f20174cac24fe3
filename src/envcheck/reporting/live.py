"""The live view of a terminal: what is finished scrolls up for good, what goes on is redrawn."""

from __future__ import annotations

from typing import Any, TextIO

from envcheck.model.event import (
    Event,
    PhaseStarted,
    Progressed,
    ServiceChanged,
    StepEnded,
    Waiting,
)
from envcheck.model.outcome import Status
from envcheck.model.service import Phase
from envcheck.reporting.board import Board
from envcheck.reporting.paint import Paint
from envcheck.reporting.plain import Plain

FRAME = 0.125  # seconds between two drawings
MOVING = (Phase.PREPARING, Phase.CREATED, Phase.RUNNING, Phase.ABSENT)


class LiveView:
    """Draws on one terminal until closed, which gives the cursor back."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(
            file=stream,
            force_terminal=True,
            no_color=not colour,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._console = console
        self._board = Board()
        self._now = 0.0
        self._lines = Plain(self._print, Paint(colour), console.width)
        self._live: Any = Live(
            console=console,
            get_renderable=self._draw,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._live.start()

    def hear(self, seconds: float, event: Event) -> None:
        self._now = seconds
        self._board.hear(seconds, event)
        if lasts(event):
            self._lines.hear(seconds, event)
        elif isinstance(event, StepEnded):
            self._lines.count(event.outcome)

    def tick(self, seconds: float) -> None:
        self._now = seconds
        self._live.refresh()

    def close(self) -> None:
        self._lines.close()
        self._live.stop()

    def _print(self, line: str) -> None:
        from rich.text import Text

        self._console.print(Text.from_ansi(line.rstrip("\n")), soft_wrap=True, highlight=False)

    def _draw(self) -> Any:
        from rich.text import Text

        lines = self._board.lines(self._now, max(self._console.height - 2, 3))
        return Text("\n".join(lines), no_wrap=True, overflow="ellipsis", style="dim")


def lasts(event: Event) -> bool:
    """Whether an event deserves a line that stays; the rest is only shown while it is true."""
    if isinstance(event, Waiting | Progressed | PhaseStarted):
        return False
    if isinstance(event, ServiceChanged):
        return event.state.phase not in MOVING
    if isinstance(event, StepEnded):
        outcome = event.outcome
        return outcome.phase == "seed" or outcome.status is not Status.PASS
    return True
