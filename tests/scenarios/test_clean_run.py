"""The whole chain on a machine without Docker: up, again, status, endpoints, reports, down."""

from __future__ import annotations

import stat
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import requests

from envcheck.runtimes.embedded.ports import free
from tests.scenarios.doors import sql
from tests.scenarios.findings import whole
from tests.scenarios.stage import AIRFLOW, Said, Stage

pytestmark = pytest.mark.scenario

HERE = {"postgres", "redis", "kafka", "minio", "data-pipeline", "ml-engine", "backend-api"}
CRASHING = Path(__file__).with_name("crashing.py")
NOT_HERE = {"prometheus", "grafana", "loki", "jaeger"}


@pytest.fixture(scope="module")
def first(stage: Stage) -> Said:
    return stage.up()


def test_a_clean_run_passes_with_nothing_pretended(first: Said) -> None:
    whole(first)
    assert first.out.splitlines()[-1].startswith("PASS ")
    assert first.report["complete"]


def test_every_expected_outcome_is_present(first: Said) -> None:
    passed = {one["id"] for one in first.outcomes("PASS")}
    assert {
        f"{1 if name in ('postgres', 'redis', 'kafka', 'minio') else 2}/ready/{name}"
        for name in HERE
    } <= passed
    assert {
        "1/ready/migrate",
        "1/seed/kafka/topics",
        "1/seed/minio/buckets",
        "1/seed/postgres/rows:users",
        "1/seed/minio/sample-data",
        "1/seed/kafka/events",
        "2/seed/ml-engine/a model for tenant demo",
        "1/verify/kafka/topics",
        "1/verify/kafka/round-trip",
        "1/verify/minio/buckets",
        "1/verify/minio/wrong-key",
        "1/verify/postgres/migration",
        "1/verify/postgres/row-security",
        "1/verify/postgres/isolation",
        "1/verify/redis/round-trip",
        "2/verify/backend-api/GET /health",
    } <= passed
    assert sum(one["phase"] == "check" for one in first.outcomes("PASS")) > 20


def test_what_is_not_run_here_is_counted_and_said(first: Said) -> None:
    assert {one["service"] for one in first.report["not_run"]} == NOT_HERE | set(AIRFLOW)
    assert f"({len(NOT_HERE | set(AIRFLOW))} services not run here)" in first.out.splitlines()[-1]
    skipped = {one["service"] for one in first.outcomes("SKIPPED")}
    assert skipped <= NOT_HERE | set(AIRFLOW)


def test_a_second_up_only_verifies(first: Said, stage: Stage) -> None:
    before = stage.pids()
    second = stage.up()
    whole(second)
    assert stage.pids() == before
    seeds = [one for one in second.outcomes("PASS") if one["phase"] == "seed"]
    assert [one["id"] for one in seeds if "unchanged" not in one["observed"]] == []
    assert len(seeds) == sum(one["phase"] == "seed" for one in first.outcomes("PASS"))


def test_verify_asks_what_up_asked(first: Said, stage: Stage) -> None:
    said = stage.verify()
    whole(said)
    wanted = {one["id"] for one in first.outcomes("PASS") if one["phase"] in ("verify", "check")}
    assert wanted <= {one["id"] for one in said.outcomes("PASS")}


def test_status_tells_state_address_process_and_log(first: Said, stage: Stage) -> None:
    rows = stage.status()
    assert {name for name, row in rows.items() if row["state"] == "running"} == HERE
    assert {name for name, row in rows.items() if row["state"] == "not run here"} == NOT_HERE
    for name in HERE:
        assert Path(rows[name]["log"]).is_file()
        assert f"127.0.0.1:{stage.port(name)}" in rows[name]["address"]
    assert (rows["migrate"]["state"], rows["migrate"]["exit_code"]) == ("exited", 0)


def test_the_endpoints_file_is_private_and_usable_at_once(first: Said, stage: Stage) -> None:
    path = stage.latest / "endpoints.env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = dict(line.split("=", 1) for line in path.read_text().splitlines())
    health = requests.get(f"{lines['BACKEND_API_URL']}/health", timeout=5)
    assert health.json()["status"] == "healthy"
    assert sql(stage, "SELECT count(*) FROM tenants") == [(4,)]
    assert [secret for secret in stage.secrets.values() if secret in path.read_text()] == []


def test_no_secret_of_the_environment_is_in_any_report(first: Said, stage: Stage) -> None:
    texts = [first.out, first.err]
    texts += [path.read_text() for path in stage.latest.resolve().rglob("*") if path.is_file()]
    assert [name for name, value in stage.secrets.items() if any(value in it for it in texts)] == []


def test_the_junit_report_parses_and_agrees(first: Said, stage: Stage) -> None:
    path = Path(stage.folder / ".envcheck/runs" / first.report["run"] / "junit.xml")
    suites = ET.fromstring(path.read_text())  # noqa: S314 (we wrote it)
    cases = list(suites.iter("testcase"))
    assert len(cases) == len(first.outcomes())
    assert not list(suites.iter("failure"))
    assert len(list(suites.iter("skipped"))) == len(first.outcomes("SKIPPED"))


def test_a_check_that_crashes_is_unknown_never_passed(first: Said, stage: Stage) -> None:
    waves = stage.folder / "waves/recommender/1-infrastructure.yaml"
    before = waves.read_text()
    waves.write_text(f"{before}  - crashes: {{service: redis}}\n")
    try:
        said = stage.verify(program=(str(CRASHING),))
    finally:
        waves.write_text(before)
    assert (said.verdict, said.code) == ("UNKNOWN", 5), str(said)
    [outcome] = said.outcomes("UNKNOWN")
    assert outcome["id"] == "1/verify/redis/crash"
    assert "ZeroDivisionError" in outcome["reason"]
    assert said.outcomes("FAIL", "BLOCKED") == []


def test_down_ends_everything_frees_the_ports_and_proves_it(first: Said, stage: Stage) -> None:
    ports = [stage.port(name) for name in HERE]
    assert stage.processes()
    said = stage.down()
    assert said.code == 0, str(said)
    assert "nothing left running" in said.out
    assert stage.processes() == []
    assert [port for port in ports if not free(port)] == []
    assert stage.pids() == {}


def test_leaving_out_everything_is_unknown_not_passed(first: Said, stage: Stage) -> None:
    everything = sorted(HERE | set(AIRFLOW) | {"migrate"})
    said = stage.run("verify", "--wave", "2", "--without", ",".join(everything))
    assert (said.verdict, said.code) == ("UNKNOWN", 5)
    assert "nothing was checked" in said.report["reason"]
