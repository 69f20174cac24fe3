"""Every report, whole, against what stands in ``tests/data/runs``.

``ENVCHECK_WRITE_GOLDEN=1 pytest tests/unit/test_reports.py`` writes those files anew; read the
difference before you commit it.
"""

from __future__ import annotations

import base64
import json
import os
import random
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from envcheck.catalog import REPORTS
from envcheck.engine.recorder import Recorder
from envcheck.model.event import Noted, RunEnded, StepEnded, Undone
from envcheck.model.folding import read_record, record_of
from envcheck.model.outcome import Status
from envcheck.model.record import Moment
from envcheck.model.wire import to_line
from envcheck.reporting import ending as ending_module
from envcheck.reporting.ending import ending
from envcheck.reporting.json_lines import JsonLines
from envcheck.reporting.paint import Paint
from envcheck.reporting.plain import Plain
from envcheck.system.secrets import Gate
from tests.unit import runs

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "data" / "runs"
SCHEMA = json.loads((ROOT / "schema" / "report.schema.json").read_text())

TRUNCATED = [*runs.FAILING[:-2]]
RUNS = {
    "passing": runs.PASSING,
    "failing": runs.FAILING,
    "interrupted": runs.INTERRUPTED,
    "truncated": TRUNCATED,
    "empty": [],
}
WHERE = f".envcheck/runs/{runs.RUN}"


def parse(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314  what we wrote ourselves


def plain(moments: list[Moment]) -> str:
    written: list[str] = []
    view = Plain(written.append)
    for moment in moments:
        view.hear(*moment)
    view.close()
    return "".join(written)


FORMATS = {
    "plain.txt": plain,
    "ending.txt": lambda moments: ending(record_of(moments), where=WHERE),
    "json": lambda moments: REPORTS["json"](record_of(moments)),
    "xml": lambda moments: REPORTS["junit"](record_of(moments)),
}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("run", RUNS)
def test_the_whole_text_is_what_a_person_agreed_to(run: str, format_: str) -> None:
    path, text = GOLDEN / f"{run}.{format_}", FORMATS[format_](RUNS[run])
    if os.environ.get("ENVCHECK_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("run", RUNS)
def test_the_json_report_keeps_its_contract(run: str) -> None:
    report = json.loads(REPORTS["json"](record_of(RUNS[run])))
    jsonschema.validate(report, SCHEMA)
    assert undescribed(report, SCHEMA) == []


def undescribed(data: Any, schema: Mapping[str, Any], path: str = "") -> list[str]:
    """Keys the report has and the schema does not name."""
    if isinstance(data, list):
        items = schema.get("items", {})
        return [key for item in data for key in undescribed(item, items, f"{path}[]")]
    if not isinstance(data, dict) or "additionalProperties" in schema:
        return []
    known = schema.get("properties", {})
    unknown = [f"{path}.{key}" for key in data if key not in known]
    return unknown + [
        key
        for name in data
        if name in known
        for key in undescribed(data[name], known[name], f"{path}.{name}")
    ]


def test_the_json_report_is_missed_by_its_schema_when_a_field_goes() -> None:
    report = json.loads(REPORTS["json"](record_of(runs.PASSING)))
    del report["outcomes"][0]["status"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, SCHEMA)


@pytest.mark.parametrize("run", RUNS)
def test_junit_holds_one_case_per_outcome_and_counts_rightly(run: str) -> None:
    record = record_of(RUNS[run])
    root = parse(REPORTS["junit"](record))
    cases = [case for case in root.iter("testcase") if case.get("classname") != "envcheck.run"]
    assert len(cases) == len(record.outcomes)
    assert int(root.get("tests", "")) == len(list(root.iter("testcase")))
    red = int(root.get("failures", "")) + int(root.get("errors", ""))
    assert (red > 0) == (record.verdict in ("FAIL", "UNKNOWN"))
    names = [(case.get("classname"), case.get("name")) for case in cases]
    assert len(set(names)) == len(names)


def test_an_optional_failure_does_not_turn_a_build_red() -> None:
    failed = runs.outcome("1/verify/loki/labels", Status.FAIL, optional=True, observed="gone")
    record = record_of(
        [*runs.PASSING[:-1], (4.8, StepEnded(failed)), (4.9, RunEnded("WARN", 0, 4.9))]
    )
    root = parse(REPORTS["junit"](record))
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    assert "optional: gone" in [it.get("message") for it in root.iter("skipped")]
    assert REPORTS["text"](record).splitlines()[0] == "WARN  loki: labels: gone"


def test_a_run_without_outcomes_is_red_in_junit() -> None:
    record = record_of(
        [(0.0, runs.STARTED), (0.1, RunEnded("UNKNOWN", 5, 0.1, "nothing was checked"))]
    )
    error = parse(REPORTS["junit"](record)).find(".//error")
    assert error is not None
    assert error.get("message") == "nothing was checked"


def test_many_causes_fit_on_a_screen() -> None:
    failed = [
        (
            1.0,
            StepEnded(
                runs.outcome(f"1/verify/s{number}/x", Status.FAIL, observed="gone", fix="mend it")
            ),
        )
        for number in range(40)
    ]
    text = ending(record_of([*runs.PASSING[:1], *failed, (2.0, RunEnded("FAIL", 1, 2.0))]))
    assert len(text.splitlines()) <= 24
    assert "and 35 more causes: s5, s6, s7 and 32 more" in text


def test_every_limit_is_said_above_the_verdict() -> None:
    loki = replace(
        runs.GRAFANA.outcome, id="1/ready/loki", service="loki", reason="left out by --without"
    )
    said = [(1.0, StepEnded(loki)), (1.0, Noted("kafka has no end offsets here", "limit"))]
    text = ending(record_of([*runs.PASSING[:-1], *said, runs.PASSING[-1]]))
    assert (
        "limits   2 services not run here: grafana, loki · kafka has no end offsets here\n" in text
    )
    assert text.splitlines()[-1] == "PASS  8 checks in 4.8s  (2 services not run here)"


def test_what_cleanup_left_is_said() -> None:
    left = [
        (2.0, Undone(("process 1",), ("process 2 of kafka would not end",))),
        (2.0, RunEnded("PASS", 6, 2.0)),
    ]
    text = ending(record_of([*runs.WAVE_1, *left]))
    assert "removed  1 thing\nLEFT     process 2 of kafka would not end\n" in text
    assert text.endswith("  exit 6\n")


def test_colour_says_nothing_the_words_do_not() -> None:
    record = record_of(runs.FAILING)
    coloured = ending(record, where=WHERE, paint=Paint(on=True))
    assert "\x1b[" in coloured
    assert Gate().clean(coloured) == ending(record, where=WHERE)


@pytest.mark.parametrize("format_", REPORTS)
@pytest.mark.parametrize("run", RUNS)
def test_no_report_has_an_escape_code(run: str, format_: str) -> None:
    assert "\x1b" not in REPORTS[format_](record_of(RUNS[run]))


CANARY = 'Zk9-canary+/="é-42'
SPELLINGS = (
    CANARY,
    json.dumps(CANARY)[1:-1],
    quote(CANARY, safe=""),
    CANARY.encode().hex(),
    base64.b64encode(CANARY.encode()).decode()[:-3],
    base64.b64encode(b"u:" + CANARY.encode()).decode()[3:],
    CANARY[:13],
)


def poisoned(value: Any, poison: str) -> Any:
    """The same value with the poison in every text that is not an enumeration or a verdict."""
    if type(value) is str and value not in (
        "PASS",
        "FAIL",
        "UNKNOWN",
        "WARN",
        "ready",
        "seed",
        "verify",
        "check",
    ):
        return f"{value} {poison}"
    if isinstance(value, tuple):
        return tuple(poisoned(item, poison) for item in value)
    if isinstance(value, dict):
        return {poisoned(key, poison): poisoned(item, poison) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{it.name: poisoned(getattr(value, it.name), poison) for it in fields(value)}
        )
    return value


def all_sinks(moments: list[Moment], gate: Gate, folder: Path) -> list[str]:
    lines: list[str] = []
    shown: list[str] = []
    path = folder / "record.jsonl"
    with Recorder(path, gate, [Plain(shown.append), JsonLines(lines.append)]) as recorder:
        for _, event in moments:
            recorder.say(event)
        record = recorder.record
    reports = [report(record) for report in REPORTS.values()]
    return [path.read_text(), "".join(lines), "".join(shown), *reports]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_said_anywhere_reaches_no_sink(spelling: str, tmp_path: Path) -> None:
    moments = [(at, poisoned(event, spelling)) for at, event in runs.FAILING]
    for text in all_sinks(moments, Gate([CANARY]), tmp_path):
        assert "***" in text
        assert spelling not in text
        assert CANARY[:8] not in text


def test_random_bytes_in_every_text_leave_every_report_parseable(tmp_path: Path) -> None:
    dice = random.Random(7)
    for round_ in range(20):
        noise = dice.randbytes(60).decode("utf-8", dice.choice(["replace", "surrogateescape"]))
        moments = [(at, poisoned(event, noise)) for at, event in runs.FAILING]
        record_text, lines, _plain, _text, report, junit = all_sinks(
            moments, Gate(), tmp_path / str(round_)
        )
        assert read_record(record_text).whole
        assert all(json.loads(line) for line in lines.splitlines())
        jsonschema.validate(json.loads(report), SCHEMA)
        parse(junit)


def test_reports_of_a_hostile_record_on_disk_stay_parseable() -> None:
    hostile = runs.outcome("1/verify/kafka/x", Status.FAIL, observed="\x1b[2J\0\ufffe]]>&<\x85")
    record = read_record(
        "".join(to_line(*it) + "\n" for it in [*runs.PASSING[:1], (1.0, StepEnded(hostile))])
    )
    parse(REPORTS["junit"](record))
    jsonschema.validate(json.loads(REPORTS["json"](record)), SCHEMA)


def test_the_text_report_is_the_ending_without_a_place() -> None:
    record = record_of(runs.PASSING)
    assert ending_module.render(record) == ending(record)
