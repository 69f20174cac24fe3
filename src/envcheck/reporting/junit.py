"""JUnit XML: one test case per outcome, one suite per wave.

A run that is not well has at least one failure or error in it, whatever its outcomes say, so that
a CI that reads only this file cannot take it for success.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from envcheck.model.outcome import Outcome, Status, Verdict
from envcheck.model.record import Record
from envcheck.reporting.words import one_line, saw_and_wanted, step_name

# XML 1.0 has no way to write these, not even escaped
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BAD = ("failure", "error")


def render(record: Record) -> str:
    root = ET.Element("testsuites", name=_text(f"envcheck {record.environment}".strip()))
    for wave, name in _suites(record):
        outcomes = [it for it in record.outcomes if it.wave == wave]
        suite = ET.SubElement(root, "testsuite", name=_text(name))
        _properties(suite, record)
        for outcome in outcomes:
            _case(suite, record, outcome)
        _count(suite, sum(outcome.seconds for outcome in outcomes))
    if not _looks_bad(root) and record.verdict not in (Verdict.PASS, Verdict.WARN):
        _whole_run(root, record)
    _count(root, record.seconds)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _suites(record: Record) -> Iterator[tuple[int, str]]:
    names = {wave.number: f"wave {wave.number} {wave.name}" for wave in record.waves}
    for number in sorted(names.keys() | {outcome.wave for outcome in record.outcomes}):
        yield number, names.get(number, f"wave {number}")


def _properties(suite: ET.Element, record: Record) -> None:
    holder = ET.SubElement(suite, "properties")
    known = {
        "verdict": record.verdict.value,
        "run": record.run,
        "runtime": record.runtime,
        "command": record.command,
        **{f"version.{name}": version for name, version in record.versions.items()},
    }
    for name, value in known.items():
        ET.SubElement(holder, "property", name=_text(name), value=_text(value))


def _case(suite: ET.Element, record: Record, outcome: Outcome) -> None:
    environment = record.environment or "envcheck"
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_text(f"{environment}.{outcome.wave}.{outcome.phase}.{outcome.service}"),
        name=_text(_name(outcome)),
        time=f"{outcome.seconds:.3f}",
    )
    if tag := _tag(outcome):
        result = ET.SubElement(case, tag, message=_text(one_line(_message(outcome), 400)))
        if tag != "skipped":
            result.set("type", _text(outcome.cause or outcome.status.value))
            result.text = _text("\n".join(_details(outcome)))
    if outcome.evidence:
        ET.SubElement(case, "system-out").text = _text("\n".join(outcome.evidence))


def _name(outcome: Outcome) -> str:
    """The same in every run, whatever the outcome."""
    return outcome.phase if outcome.phase == "ready" else step_name(outcome)


def _tag(outcome: Outcome) -> str:
    """An optional step never fails a build; a blocked one is counted under its culprit."""
    if outcome.status in (Status.BLOCKED, Status.SKIPPED):
        return "skipped"
    tags = {Status.FAIL: "failure", Status.UNKNOWN: "error"}
    tag = tags.get(outcome.status, "")
    return "skipped" if tag and outcome.optional else tag


def _message(outcome: Outcome) -> str:
    if outcome.status is Status.BLOCKED:
        return f"blocked by {outcome.blocked_by or 'its culprit'}: {outcome.reason}"
    if outcome.status is Status.FAIL:
        optional = "optional: " if outcome.optional else ""
        return optional + saw_and_wanted(outcome)
    return outcome.reason or outcome.observed


def _details(outcome: Outcome) -> Iterator[str]:
    labelled = (
        ("expected", outcome.expected),
        ("observed", outcome.observed),
        ("cause", outcome.cause),
        ("fix", outcome.fix),
        ("declared at", outcome.place),
    )
    yield from (f"{label}: {value}" for label, value in labelled if value)


def _whole_run(root: ET.Element, record: Record) -> None:
    suite = ET.SubElement(root, "testsuite", name="run")
    case = ET.SubElement(suite, "testcase", classname="envcheck.run", name="verdict", time="0.000")
    reason = record.reason or "the run did not pass"
    ET.SubElement(case, "error", message=_text(one_line(reason, 400)), type=record.verdict.value)
    _count(suite, 0.0)


def _looks_bad(root: ET.Element) -> bool:
    return any(root.find(f".//{tag}") is not None for tag in BAD)


def _count(element: ET.Element, seconds: float) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        element.set(name, str(len(element.findall(f".//{tag}"))))
    element.set("skipped", str(len(element.findall(".//skipped"))))
    element.set("time", f"{seconds:.3f}")


def _text(value: str) -> str:
    return FORBIDDEN.sub("", value)
