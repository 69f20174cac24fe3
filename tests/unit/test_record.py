"""A run folded, written as lines and read back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envcheck.model.event import (
    Diagnosed,
    Event,
    Noted,
    Progressed,
    RunEnded,
    ServiceReady,
    StepEnded,
    Undone,
    Waiting,
)
from envcheck.model.folding import read_record, record_of
from envcheck.model.outcome import Diagnosis, Status, Verdict
from envcheck.model.record import Record
from envcheck.model.service import Phase
from envcheck.model.wire import KINDS, Unreadable, from_line, to_line
from tests.unit import runs

RUNS = {"passing": runs.PASSING, "failing": runs.FAILING, "interrupted": runs.INTERRUPTED}


def written(moments: list[tuple[float, Event]]) -> str:
    return "".join(to_line(*moment) + "\n" for moment in moments)


@pytest.mark.parametrize("moments", RUNS.values(), ids=RUNS.keys())
def test_a_record_read_back_is_the_record_that_was_written(
    moments: list[tuple[float, Event]],
) -> None:
    assert read_record(written(moments)) == record_of(moments)


def test_a_line_says_version_event_and_seconds_first() -> None:
    assert to_line(1.23456, Noted("a", "advice")) == (
        '{"v": 1, "event": "Noted", "t": 1.235, "text": "a", "weight": "advice"}'
    )


def test_a_run_is_folded_into_what_reports_need() -> None:
    record = record_of(runs.FAILING)
    assert (record.verdict, record.exit_code, record.seconds) == (Verdict.FAIL, 4, 6.0)
    assert [(wave.number, wave.verdict, wave.ended) for wave in record.waves] == [
        (1, "FAIL", True),
        (2, "FAIL", True),
    ]
    states = {seen.name: (seen.wave, seen.state) for seen in record.services}
    assert states == {
        "postgres": (1, "ready"),
        "kafka": (1, "ready"),
        "migrate": (1, "done"),
        "backend-api": (2, "exited"),
        "grafana": (0, "absent"),
    }
    assert record.service("kafka").waited_for == "1 of 1 brokers, no controller yet"
    assert record.service("backend-api").ready_seconds is None
    assert [outcome.service for outcome in record.not_run] == ["grafana"]
    assert record.said("advice") == ("kafka keeps its data in memory: give it a volume",)


def test_a_ready_service_that_dies_is_no_longer_ready() -> None:
    died = (4.7, runs.changed("backend-api", Phase.EXITED, exit_code=137, signal="SIGKILL"))
    record = record_of([*runs.PASSING[:-2], died])
    assert record.service("backend-api").state == "exited"
    assert record.service("backend-api").ready_seconds == 0.85


def test_a_diagnosis_found_again_replaces_the_first() -> None:
    first = Diagnosis("kafka", "kafka.down", "kafka is down", victims=("1/a",))
    again = Diagnosis("kafka", "kafka.down", "kafka is down", victims=("1/a", "2/b"))
    other = Diagnosis("redis", "redis.down", "redis is down")
    record = record_of([(1.0, Diagnosed(first)), (1.0, Diagnosed(other)), (2.0, Diagnosed(again))])
    assert record.diagnoses == (other, again)


@pytest.mark.parametrize("moments", RUNS.values(), ids=RUNS.keys())
def test_a_record_cut_at_any_byte_of_its_last_line_is_unknown(
    moments: list[tuple[float, Event]],
) -> None:
    whole = written(moments).rstrip("\n").encode()
    start = whole.rindex(b"\n") + 1
    for end in range(start, len(whole)):
        record = read_record(whole[:end].decode("utf-8", "replace"))
        assert record.verdict is Verdict.UNKNOWN
        assert record.exit_code == 5
        assert record.reason
        assert record.outcomes == record_of(moments).outcomes
    assert read_record(whole.decode()).whole


def test_nothing_after_a_damaged_line_is_believed() -> None:
    lines = written(runs.PASSING).splitlines()
    lines[5] = lines[5][:20]
    record = read_record("\n".join(lines))
    assert replace(record, damage="") == record_of(runs.PASSING[:5])
    assert record.reason == "the record breaks off at line 6: not JSON"
    assert record.outcomes == ()
    assert record.verdict is Verdict.UNKNOWN


def test_an_event_of_a_newer_version_becomes_a_note_and_its_new_keys_are_ignored() -> None:
    newer = '{"v": 2, "event": "Certified", "t": 1.0, "grade": "A"}'
    assert from_line(newer) == (
        1.0,
        Noted("an event of a newer envcheck was not understood: Certified"),
    )
    known = '{"v": 2, "event": "RunEnded", "t": 2, "verdict": "PASS", "exit_code": 0, "seconds": 2, "x": 1}'
    assert from_line(known) == (2.0, RunEnded("PASS", 0, 2.0))


DAMAGED = {
    "": "not JSON",
    "[]": "not an event",
    '{"event": 1}': "not an event",
    '{"event": "Noted", "t": true, "text": "a"}': "True is no number of seconds",
    '{"event": "Noted", "t": 1}': "Noted lacks text",
    '{"event": "Noted", "t": 1, "text": 5}': "Noted.text is a int",
    '{"event": "RunEnded", "t": 1, "verdict": "PASS", "exit_code": true, "seconds": 1}': (
        "RunEnded.exit_code is a bool"
    ),
    '{"event": "StepEnded", "t": 1, "outcome": []}': "StepEnded.outcome is a list",
    "[" * 100_000: "not JSON",
}


@pytest.mark.parametrize(("line", "why"), DAMAGED.items(), ids=range(len(DAMAGED)))
def test_a_line_that_is_no_event_says_why(line: str, why: str) -> None:
    with pytest.raises(Unreadable) as raised:
        from_line(line)
    assert str(raised.value) == why


@given(st.binary(max_size=300))
def test_no_bytes_whatever_break_the_reader(noise: bytes) -> None:
    text = written(runs.PASSING[:3]) + noise.decode("utf-8", "replace")
    assert read_record(text).verdict is Verdict.UNKNOWN


def test_a_number_json_cannot_write_is_written_as_nothing() -> None:
    line = to_line(1.0, RunEnded("PASS", 0, float("nan")))
    assert json.loads(line)["seconds"] == 0.0


def test_every_kind_of_event_can_be_written_and_read() -> None:
    said = {type(event) for _, event in (*runs.PASSING, *runs.FAILING, *runs.INTERRUPTED)}
    assert {kind.__name__ for kind in said} == set(KINDS)
    progress = Progressed(1, "x", 1, 2, "rows")
    assert from_line(to_line(0.5, progress)) == (0.5, progress)


def test_statuses_survive_as_statuses() -> None:
    record = read_record(written(runs.FAILING))
    assert {outcome.status for outcome in record.outcomes} >= {Status.FAIL, Status.BLOCKED}


FAILED = (1.0, StepEnded(runs.outcome("1/verify/kafka/x", Status.FAIL)))
PASSED = (1.0, StepEnded(runs.outcome("1/verify/kafka/y", Status.PASS)))
WELL = (2.0, RunEnded("PASS", 0, 2.0))


@pytest.mark.parametrize(
    ("moments", "reason"),
    [
        ([PASSED, FAILED, WELL], "the record claims PASS, but 1 required step failed"),
        ([WELL], "the record claims PASS, but nothing was checked"),
        ([PASSED, (2.0, RunEnded("SPLENDID", 0, 2.0))], "nobody knows the verdict SPLENDID"),
    ],
)
def test_a_success_its_own_outcomes_deny_is_not_believed(
    moments: list[tuple[float, Event]], reason: str
) -> None:
    record = record_of(moments)
    assert (record.verdict, record.exit_code, record.reason) == (Verdict.UNKNOWN, 5, reason)


def test_a_cleanup_needs_no_checks_to_succeed() -> None:
    assert record_of([(1.0, Undone(("process 7",))), WELL]).verdict is Verdict.PASS


def test_what_is_said_after_the_end_breaks_the_record() -> None:
    record = read_record(written(runs.PASSING) + "garbage")
    assert not record.whole
    assert (record.verdict, record.reason) == (
        Verdict.UNKNOWN,
        f"the record breaks off at line {len(runs.PASSING) + 1}: not JSON",
    )


def test_a_run_without_an_end_lasted_until_it_was_last_heard_of() -> None:
    assert record_of(runs.PASSING[:-1]).seconds == 4.81
    assert record_of(runs.PASSING).seconds == 4.82
    assert Record().reason == "the record ends after 0.0s, before the run did"


def test_a_one_shot_that_is_done_stays_done_until_it_fails() -> None:
    done = [(1.0, ServiceReady("migrate", 1, 0.5, done=True))]
    again = (2.0, runs.changed("migrate", Phase.EXITED, exit_code=0))
    failed = (3.0, runs.changed("migrate", Phase.EXITED, exit_code=1))
    running = (3.0, runs.changed("migrate", Phase.RUNNING, exit_code=0))
    assert record_of([*done, again]).service("migrate").state == "done"
    assert record_of([*done, failed]).service("migrate").state == "exited"
    assert record_of([*done, running]).service("migrate").state == "running"
    assert record_of([again]).service("migrate").state == "exited"


def test_a_service_nobody_announced_is_seen_too_and_what_it_waited_for_is_kept() -> None:
    heard = [
        *runs.PASSING[:-1],
        (4.81, Waiting("redis", 2, "refused")),
        (4.82, ServiceReady("redis", 2, 0.01)),
    ]
    seen = record_of(heard).service("redis")
    assert (seen.state, seen.waited_for, seen.wave) == ("ready", "refused", 2)
    assert [it.name for it in record_of(heard).services].count("redis") == 1


def test_letters_of_every_alphabet_stay_readable() -> None:
    assert "zürich 東京" in to_line(1.0, Noted("zürich 東京"))
