"""The live view: what goes on is drawn over and over, what is over stays, the cursor comes back."""

from __future__ import annotations

import io
import os
import pty
import termios
import threading

import pytest

from envcheck.model.event import (
    Event,
    PhaseStarted,
    Progressed,
    RunEnded,
    ServiceReady,
    StepEnded,
    Waiting,
    WaveStarted,
)
from envcheck.model.outcome import Status
from envcheck.model.service import Phase
from envcheck.reporting.board import Board
from envcheck.reporting.json_lines import JsonLines
from envcheck.reporting.live import LiveView
from envcheck.reporting.plain import Plain
from envcheck.reporting.pulse import Pulse
from envcheck.reporting.view import view, writer
from envcheck.system.printable import printable
from tests.unit import runs

SHOW, HIDE = "\x1b[?25h", "\x1b[?25l"


def board(*moments: tuple[float, Event]) -> Board:
    heard = Board()
    for moment in moments:
        heard.hear(*moment)
    return heard


STARTING = (
    (0.0, WaveStarted(1, "infrastructure", ("postgres", "kafka", "migrate"))),
    (0.0, PhaseStarted(1, "ready", 3)),
    (0.5, runs.changed("postgres", Phase.RUNNING)),
    (0.6, runs.changed("kafka", Phase.PREPARING, detail="building 40 %")),
    (0.7, Waiting("postgres", 1, "127.0.0.1:5432 refuses the connection")),
)


def test_the_board_says_what_goes_on_since_when_and_why() -> None:
    assert board(*STARTING).lines(4.0, 20) == [
        "  4.0s  wave 1 infrastructure: bringing up, 0 of 3",
        "  3.5s  postgres  running    127.0.0.1:5432 refuses the connection",
        "  3.4s  kafka     preparing  building 40 %",
        "        migrate   to start",
    ]


def test_the_board_counts_what_is_ready_and_forgets_what_died() -> None:
    ready = (1.0, ServiceReady("postgres", 1, 0.5))
    died = (2.0, runs.changed("kafka", Phase.EXITED, exit_code=1))
    assert board(*STARTING, ready, died).lines(4.0, 20) == [
        "  4.0s  wave 1 infrastructure: bringing up, 1 of 3",
        "        migrate  to start",
        "        1 ready: postgres",
    ]


def test_thirty_services_fit_on_a_screen() -> None:
    names = tuple(f"service-{number:02}" for number in range(30))
    lines = board((0.0, WaveStarted(1, "w", names)), (0.0, PhaseStarted(1, "ready", 30))).lines(
        1.0, 22
    )
    assert len(lines) == 22
    assert lines[-1] == (
        "        and 10 more services: service-20, service-21, service-22, service-23, "
        "service-24 and 5 more"
    )


def test_a_long_step_shows_how_far_it_is_and_how_fast() -> None:
    long = board(
        (0.0, WaveStarted(1, "w", ())),
        (1.0, PhaseStarted(1, "seed", 2)),
        (1.0, Progressed(1, "1/seed/kafka/events", 0, 10_000, "events")),
        (3.0, Progressed(1, "1/seed/kafka/events", 5_000, 10_000, "events", "partition 3")),
    )
    assert long.lines(3.0, 20)[1:] == [
        "  2.0s  1/seed/kafka/events  [==========          ] 5,000 of 10,000 events"
        "  2,500 events/s  partition 3"
    ]
    long.hear(4.0, StepEnded(runs.outcome("1/seed/kafka/events", Status.PASS)))
    assert long.lines(5.0, 20) == ["  5.0s  wave 1 w: seeding, 1 of 2"]


def test_the_board_is_empty_when_the_run_is_over() -> None:
    assert board(*STARTING, (5.0, RunEnded("FAIL", 4, 5.0))).lines(6.0, 20) == []


class Terminal:
    """A pseudo terminal, and everything written to it."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self._seen = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                some = os.read(self.master, 65536)
            except OSError:  # the other side is closed: that is how a pseudo terminal ends
                return
            self._seen += some

    def written(self) -> str:
        self.stream.close()
        self._reader.join(10)
        os.close(self.master)
        return self._seen.decode()


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def test_what_is_over_stays_and_the_cursor_comes_back(terminal: Terminal) -> None:
    live = LiveView(terminal.stream, colour=True)
    for at, event in runs.FAILING:
        live.hear(at, event)
        live.tick(at)
    live.close()
    text = terminal.written()
    assert text.count(HIDE) == text.count(SHOW) == 1
    assert text.rindex(SHOW) > text.rindex(HIDE)
    shown = printable(text)
    for line in (
        "  0.9s  postgres     ready     in 0.9s\n",
        "  4.1s  kafka        cause     topic user_interactions does not exist (1 victim)\n",
        "  5.9s  backend-api  exited    with code 3\n",
        "  4.1s  wave 1       FAIL      3 ready, 1 seeded, 1 verified in 4.1s\n",
    ):
        assert shown.count(line) == 1


def test_lines_that_stay_fit_the_terminals_width(terminal: Terminal) -> None:
    live = LiveView(terminal.stream, colour=False)
    step = runs.outcome("1/verify/kafka/x", Status.FAIL, observed="many words " * 30)
    live.hear(1.0, StepEnded(step))
    live.close()
    lines = [line for line in printable(terminal.written()).splitlines() if "FAIL" in line]
    assert [len(line) <= 80 for line in lines] == [True]
    assert lines[0].endswith("…")


@pytest.mark.parametrize(
    ("mode", "environment", "expected"),
    [
        ("auto", {"TERM": "xterm"}, LiveView),
        ("auto", {"TERM": "dumb"}, Plain),
        ("auto", {"TERM": "xterm", "NO_COLOR": "1"}, Plain),
        ("auto", {"TERM": "xterm", "CI": "true"}, Plain),
        ("plain", {"TERM": "xterm"}, Plain),
        ("live", {"TERM": "xterm", "NO_COLOR": "1"}, LiveView),
        ("json", {"TERM": "xterm"}, JsonLines),
        ("none", {"TERM": "xterm"}, type(None)),
    ],
)
def test_the_view_fits_its_terminal(
    terminal: Terminal, mode: str, environment: dict[str, str], expected: type
) -> None:
    chosen = view(mode, terminal.stream, environment)
    inner = chosen._view if isinstance(chosen, Pulse) else chosen
    if chosen is not None:
        chosen.close()
    terminal.written()
    assert type(inner) is expected


def test_without_a_terminal_auto_is_plain_and_has_no_escape_codes() -> None:
    stream = io.StringIO()
    chosen = view("auto", stream, {"TERM": "xterm"})
    assert chosen is not None
    for moment in runs.FAILING:
        chosen.hear(*moment)
    chosen.close()
    assert "\x1b" not in stream.getvalue()
    assert "FAIL" in stream.getvalue()


def test_a_stream_of_few_letters_gets_question_marks_not_an_error() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    writer(stream)("a…b\n")
    assert raw.getvalue() == b"a?b\n"


class Torn:
    """A view whose terminal has gone away."""

    def __init__(self) -> None:
        self.ticked = threading.Event()

    def hear(self, seconds: float, event: Event) -> None:
        """Nothing to see."""

    def tick(self, seconds: float) -> None:
        self.ticked.set()
        raise BrokenPipeError

    def close(self) -> None:
        """Nothing to give back."""


def test_a_view_that_broke_between_events_says_so_at_the_next() -> None:
    torn = Torn()
    pulse = Pulse(torn, 0.001)
    assert torn.ticked.wait(10)
    pulse._thread.join(10)
    with pytest.raises(BrokenPipeError):
        pulse.hear(1.0, RunEnded("PASS", 0, 1.0))
    pulse.close()
