from __future__ import annotations

from envcheck.diagnosis.ranking import diagnose
from envcheck.model.check import Level
from envcheck.model.compose import Gate
from envcheck.model.outcome import Diagnosis, Outcome, Status
from envcheck.model.runtime import Evidence
from envcheck.model.service import Phase, ServiceState
from tests.fakes.project import project, service

SHOP = project(
    service("postgres"),
    service("redis"),
    service("kafka"),
    service("ml-engine", kafka=Gate.STARTED),
    service("backend", postgres=Gate.HEALTHY, redis=Gate.HEALTHY, ml_engine=Gate.STARTED),
)


def failed(where: str, name: str, cause: str, level: Level, **more: object) -> Outcome:
    return Outcome(
        id=f"1/verify/{where}/{name}",
        kind="x",
        service=where,
        wave=1,
        phase="verify",
        status=Status.FAIL,
        observed=f"{name} is wrong",
        cause=cause,
        fix=f"mend {name}",
        level=int(level),
        **more,  # type: ignore[arg-type]
    )


def blocked(where: str, by: str) -> Outcome:
    return Outcome(f"2/verify/{where}/up", "x", where, 2, "verify", Status.BLOCKED, blocked_by=by)


def roots(*outcomes: Outcome) -> list[Diagnosis]:
    return diagnose(outcomes, SHOP, {})


def named(*outcomes: Outcome) -> list[tuple[str, str]]:
    return [(it.culprit, it.cause) for it in roots(*outcomes)]


TOPIC = failed("kafka", "topics", "kafka.topic-missing", Level.OBJECT)
HEALTH = failed("backend", "health", "http.body", Level.BEHAVIOUR)
LOGIN = failed("postgres", "login", "postgres.login-refused", Level.LOGIN)


def test_a_single_failure_is_its_own_root_with_its_words():
    [root] = roots(TOPIC)
    assert (root.culprit, root.summary, root.fix) == ("kafka", "topics is wrong", "mend topics")
    assert root.outcomes == (TOPIC.id,)


def test_what_is_seen_through_an_api_is_laid_at_the_door_of_its_dependency():
    [root] = roots(HEALTH, TOPIC)
    assert root.culprit == "kafka"
    assert root.victims == (HEALTH.id,)


def test_an_api_failure_alone_is_the_apis_own():
    assert named(HEALTH) == [("backend", "http.body")]


def test_a_failure_elsewhere_does_not_excuse_what_does_not_need_it():
    other = failed("ml-engine", "health", "http.body", Level.BEHAVIOUR)
    assert named(LOGIN, other) == [
        ("postgres", "postgres.login-refused"),
        ("ml-engine", "http.body"),
    ]


def test_two_independent_roots_stay_two():
    assert named(TOPIC, LOGIN) == [
        ("postgres", "postgres.login-refused"),
        ("kafka", "kafka.topic-missing"),
    ]


def test_two_wrongs_inside_one_server_stay_two():
    security = failed("postgres", "row-security", "postgres.row-security-off", Level.OBJECT)
    column = failed("postgres", "columns", "postgres.column-missing", Level.OBJECT)
    assert len(named(security, column)) == 2


def test_one_cause_seen_twice_is_one_root():
    again = failed("kafka", "events", "kafka.topic-missing", Level.CONTENT)
    [root] = roots(TOPIC, again)
    assert root.outcomes == (TOPIC.id, again.id)
    assert root.victims == ()


def test_a_refused_login_explains_everything_deeper_at_that_service():
    rows = failed("postgres", "rows", "postgres.rows-missing", Level.CONTENT)
    [root] = roots(rows, LOGIN)
    assert root.cause == "postgres.login-refused"
    assert root.victims == (rows.id,)


def test_a_dead_service_comes_before_everything_that_runs():
    dead = failed("ml-engine", "up", "service.killed", Level.PROCESS)
    assert named(TOPIC, dead)[0] == ("ml-engine", "service.killed")


def test_a_service_not_well_because_of_its_database_is_no_root():
    unwell = failed("backend", "up", "http.status", Level.PROCESS)
    [root] = roots(unwell, LOGIN)
    assert (root.culprit, root.victims) == ("postgres", (unwell.id,))


def test_an_accepted_forged_token_is_never_excused_by_a_dependency():
    forged = failed("backend", "forged", "api.token-accepted", Level.BEHAVIOUR)
    assert ("backend", "api.token-accepted") in named(TOPIC, forged)


def test_a_leak_is_brought_along_by_the_row_security_that_is_off():
    off = failed("postgres", "row-security", "postgres.row-security-off", Level.OBJECT)
    leak = failed("postgres", "isolation", "postgres.row-security-leaks", Level.BEHAVIOUR)
    [root] = roots(leak, off)
    assert (root.cause, root.victims) == ("postgres.row-security-off", (leak.id,))


def test_what_a_missing_migration_would_have_made_is_its_victim_down_the_whole_chain():
    behind = failed("postgres", "migration", "postgres.migration-behind", Level.OBJECT)
    column = failed("postgres", "columns", "postgres.column-missing", Level.OBJECT)
    off = failed("postgres", "row-security", "postgres.row-security-off", Level.OBJECT)
    leak = failed("postgres", "isolation", "postgres.row-security-leaks", Level.BEHAVIOUR)
    [root] = roots(column, off, behind, leak)
    assert root.cause == "postgres.migration-behind"
    assert sorted(root.victims) == sorted([column.id, off.id, leak.id])


def test_a_leak_seen_through_the_api_is_laid_at_the_row_security():
    off = failed("postgres", "row-security", "postgres.row-security-off", Level.OBJECT)
    leak = failed("backend", "tenants", "api.tenant-leak", Level.BEHAVIOUR)
    [root] = roots(leak, off)
    assert root.culprit == "postgres"


def test_a_leak_seen_through_the_api_has_nothing_to_do_with_a_column():
    column = failed("postgres", "columns", "postgres.column-missing", Level.OBJECT)
    leak = failed("backend", "tenants", "api.tenant-leak", Level.BEHAVIOUR)
    assert ("backend", "api.tenant-leak") in named(leak, column)


def test_no_limit_while_its_counter_is_full_is_the_counters_fault():
    full = failed("redis", "round-trip", "redis.out-of-memory", Level.BEHAVIOUR)
    unlimited = failed("backend", "burst", "api.no-rate-limit", Level.BEHAVIOUR)
    assert named(full, unlimited) == [("redis", "redis.out-of-memory")]


def test_no_limit_and_a_missing_topic_are_two_roots():
    unlimited = failed("backend", "burst", "api.no-rate-limit", Level.BEHAVIOUR)
    needy = project(service("kafka"), service("backend", kafka=Gate.STARTED))
    found = [it.cause for it in diagnose((TOPIC, unlimited), needy, {})]
    assert found == ["kafka.topic-missing", "api.no-rate-limit"]


def test_who_refuses_a_badly_signed_token_is_a_victim_of_who_signed_it():
    signed = failed("backend", "login", "api.token-signature", Level.BEHAVIOUR)
    refused = failed("ml-engine", "upload", "api.token-refused", Level.BEHAVIOUR)
    [root] = roots(refused, signed)
    assert (root.culprit, root.victims) == ("backend", (refused.id,))


def test_a_service_that_knows_no_token_refuses_jobs_and_requests_for_one_reason():
    job = failed("ml-engine", "model", "job.denied", Level.CONTENT)
    asked = failed("ml-engine", "own", "api.token-refused", Level.BEHAVIOUR)
    assert named(job, asked) == [("ml-engine", "api.token-refused")]


def test_who_refuses_a_well_signed_token_is_at_fault():
    refused = failed("ml-engine", "upload", "api.token-refused", Level.BEHAVIOUR)
    assert named(TOPIC, refused) == [
        ("kafka", "kafka.topic-missing"),
        ("ml-engine", "api.token-refused"),
    ]


def test_a_culprit_named_by_the_check_itself_is_believed():
    refused = failed("ml-engine", "rec", "api.login-refused", Level.LOGIN, culprit="backend")
    assert named(refused) == [("backend", "api.login-refused")]


def test_what_was_blocked_is_listed_under_its_culprit():
    dead = failed("ml-engine", "up", "service.killed", Level.PROCESS)
    [root] = roots(dead, blocked("ml-engine", "ml-engine"), blocked("backend", "ml-engine"))
    assert root.victims == ("2/verify/ml-engine/up", "2/verify/backend/up")


def test_every_failing_outcome_stands_in_exactly_one_root():
    outcomes = [
        TOPIC,
        LOGIN,
        HEALTH,
        failed("redis", "memory", "redis.out-of-memory", Level.OBJECT),
    ]
    listed = [one for root in roots(*outcomes) for one in (*root.outcomes, *root.victims)]
    assert sorted(listed) == sorted(it.id for it in outcomes)


def test_the_log_of_what_died_is_evidence_and_of_a_missing_topic_is_not():
    dead = failed("kafka", "up", "service.exited", Level.PROCESS)
    state = ServiceState("kafka", Phase.EXITED, exit_code=1)
    logs = {"kafka": Evidence("kafka", state, tuple(f"line {number}" for number in range(20)))}
    [root] = diagnose([dead], SHOP, logs)
    assert root.evidence[-1] == "log: line 19"
    assert len(root.evidence) < 10
    [root] = diagnose([TOPIC], SHOP, logs)
    assert root.evidence == ()


def test_nothing_wrong_says_nothing():
    assert roots() == []
