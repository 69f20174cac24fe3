"""Hears first: gate, disk, then views."""

from __future__ import annotations

import resource
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from envcheck.engine.recorder import Recorder
from envcheck.model.event import Event, Noted, Progressed, RunEnded, Waiting
from envcheck.model.folding import read_record
from envcheck.model.outcome import Verdict
from envcheck.model.wire import from_line
from envcheck.system.secrets import Gate
from tests.fakes.clock import FakeClock
from tests.unit import runs


class Heard:
    def __init__(self) -> None:
        self.events: list[tuple[float, Event]] = []
        self.closed = 0

    def hear(self, seconds: float, event: Event) -> None:
        self.events.append((seconds, event))

    def close(self) -> None:
        self.closed += 1


class Raising(Heard):
    def hear(self, seconds: float, event: Event) -> None:
        raise BrokenPipeError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".envcheck" / "runs" / "r" / "record.jsonl"


def test_an_event_is_on_disk_before_a_listener_hears_it(path: Path) -> None:
    seen = []

    class Reader(Heard):
        def hear(self, seconds: float, event: Event) -> None:
            seen.append([from_line(line)[1] for line in path.read_text().splitlines()])

    with Recorder(path, Gate(), [Reader()]) as recorder:
        recorder.say(Noted("a"))
        recorder.say(Noted("b"))
    assert seen == [[Noted("a")], [Noted("a"), Noted("b")]]


def test_seconds_count_from_the_start_of_the_recorder(path: Path) -> None:
    clock, heard = FakeClock(), Heard()
    recorder = Recorder(path, Gate(), [heard], clock=clock)
    clock.now += 1.5
    recorder.say(Noted("a"))
    recorder.close()
    assert heard.events == [(1.5, Noted("a"))]
    assert from_line(path.read_text()) == (1.5, Noted("a"))


def test_the_record_in_memory_is_the_record_on_disk(path: Path) -> None:
    with Recorder(path, Gate(), clock=FakeClock()) as recorder:
        for _, event in runs.FAILING:
            recorder.say(event)
        assert read_record(path.read_text()) == recorder.record
        assert recorder.record.verdict is Verdict.FAIL


def test_progress_is_shown_and_never_recorded(path: Path) -> None:
    heard = Heard()
    with Recorder(path, Gate(), [heard]) as recorder:
        recorder.say(Progressed(1, "seed", 1, 2, "rows"))
    assert path.read_text() == ""
    assert len(heard.events) == 1


def test_a_wait_is_recorded_when_what_it_sees_changes(path: Path) -> None:
    heard = Heard()
    with Recorder(path, Gate(), [heard]) as recorder:
        for number, observed in enumerate(["refused", "refused", "silent", "refused"]):
            recorder.say(Waiting("kafka", 1, observed, number))
        recorder.say(Waiting("redis", 1, "refused", 1))
    said = [(event.service, event.attempts) for _, event in heard.events]
    assert said == [("kafka", 0), ("kafka", 2), ("kafka", 3), ("redis", 1)]
    assert len(path.read_text().splitlines()) == 4


def test_the_record_is_for_its_user_alone(path: Path) -> None:
    Recorder(path, Gate()).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_secret_reaches_neither_disk_nor_listener(path: Path) -> None:
    heard = Heard()
    with Recorder(path, Gate(["s3cr3t-canary"]), [heard]) as recorder:
        recorder.say(Noted("login with s3cr3t-canary refused"))
    assert heard.events[0][1] == Noted("login with *** refused")
    assert "canary" not in path.read_text()


def test_a_listener_that_raises_is_dropped_with_a_note(path: Path) -> None:
    good, raising = Heard(), Raising()
    with Recorder(path, Gate(), [raising, good]) as recorder:
        recorder.say(Noted("a"))
        recorder.say(Noted("b"))
    assert [event.text for _, event in good.events] == [
        "a progress view failed and was dropped; the run goes on",
        "a",
        "b",
    ]
    assert not recorder.broken
    assert (good.closed, raising.closed) == (1, 1)


class FullDisk(Recorder):
    """Fails to write from the given event on."""

    room = 2

    def _write(self, seconds: float, event: Event) -> None:
        self.room -= 1
        if self.room < 0:
            self._break("No space left on device")
        else:
            super()._write(seconds, event)


def test_a_full_disk_makes_success_unknown_and_the_run_goes_on(path: Path) -> None:
    heard = Heard()
    recorder = FullDisk(path, Gate(), [heard])
    for event in (Noted("a"), Noted("b"), Noted("c"), RunEnded("PASS", 0, 1.0)):
        recorder.say(event)
    recorder.close()
    assert recorder.broken == "No space left on device"
    assert heard.events[-1][1] == recorder.record.ended
    assert recorder.record.verdict is Verdict.UNKNOWN
    assert recorder.record.exit_code == 5
    assert recorder.record.reason == "the record is broken: No space left on device"
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("said", "code"),
    [(RunEnded("FAIL", 1, 1.0), 1), (RunEnded("WARN", 1, 1.0), 5), (RunEnded("PASS", 6, 1.0), 6)],
)
def test_a_broken_record_never_softens_a_worse_end(path: Path, said: RunEnded, code: int) -> None:
    recorder = FullDisk(path, Gate())
    recorder.room = 0
    recorder.say(said)
    assert recorder.record.exit_code == code
    assert recorder.record.verdict is not Verdict.PASS


def test_a_place_that_cannot_be_written_breaks_the_record_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    recorder = Recorder(tmp_path / "file" / "record.jsonl", Gate())
    recorder.say(RunEnded("PASS", 0, 1.0))
    assert recorder.broken == "record.jsonl cannot be written: File exists"
    assert recorder.record.verdict is Verdict.UNKNOWN


def test_a_link_in_the_records_place_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")
    (tmp_path / "record.jsonl").symlink_to(target)
    recorder = Recorder(tmp_path / "record.jsonl", Gate())
    recorder.say(Noted("a"))
    assert recorder.broken
    assert target.read_text() == "mine"


def test_many_threads_may_speak_and_no_line_is_torn(path: Path) -> None:
    heard = Heard()
    with Recorder(path, Gate(), [heard]) as recorder:

        def speak(name: int) -> None:
            for number in range(100):
                recorder.say(Noted(f"{name}-{number} " + "x" * 500))

        threads = [threading.Thread(target=speak, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    lines = [from_line(line)[1] for line in path.read_text().splitlines()]
    assert lines == [event for _, event in heard.events]
    assert len(lines) == 800


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Files of this process may hold no more bytes than that: the kernel's own full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_line_the_disk_took_in_part_is_the_last(path: Path) -> None:
    recorder = Recorder(path, Gate())
    with disk_of(150):
        recorder.say(Noted("x" * 40))
        recorder.say(Noted("y" * 40))
    recorder.say(Noted("z"))
    assert recorder.broken == "the disk took only a part of a line"
    assert path.stat().st_size == 150
    assert read_record(path.read_text()).damage == "the record breaks off at line 2: not JSON"


def test_a_disk_that_takes_nothing_breaks_the_record_with_its_reason(path: Path) -> None:
    recorder = Recorder(path, Gate())
    with disk_of(0):
        recorder.say(Noted("x"))
    assert recorder.broken == "File too large"
    assert recorder.record.notes == (Noted("x"),)


@pytest.mark.parametrize("size", [0, 10_000])
def test_no_file_stays_open_and_closing_twice_is_closing_once(path: Path, size: int) -> None:
    heard, before = Heard(), sorted(Path("/dev/fd").iterdir())
    recorder = Recorder(path, Gate(), [heard])
    with disk_of(size):
        recorder.say(Noted("x"))
    recorder.close()
    recorder.close()
    assert heard.closed == 1
    assert sorted(Path("/dev/fd").iterdir()) == before
