from __future__ import annotations

from collections.abc import Callable

from envcheck.engine.scene import NotHere
from envcheck.engine.verification import GRACE, STRAINED_GRACE, Planned, verify
from envcheck.engine.waiting import Waiting
from envcheck.model.check import Check, Level, LoginRefused
from envcheck.model.outcome import Observation, Outcome, Status, broken, not_yet, passed
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.scene import FakeScene

WRONG = broken("no such topic", cause="kafka.topic-missing", fix="create it")


def answers(*given: Observation | Exception) -> Callable[[object], Observation]:
    left = list(given)

    def look(_scene: object) -> Observation:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return look


def planned(name: str, look: Callable[[object], Observation], **more: object) -> Planned:
    keys = ("level", "service", "grace", "serial", "timeout")
    given = {key: more.pop(key) for key in keys if key in more}
    given = {"service": "kafka", "level": Level.OBJECT, **given}
    check = Check(name=name, look=look, expected=f"{name} is right", **given)  # type: ignore[arg-type]
    return Planned(f"1/verify/{check.service}/{name}", check, 1, "verify", **more)  # type: ignore[arg-type]


def ask(
    *items: Planned, failed: dict[str, str] | None = None, strained: str = ""
) -> tuple[list[Outcome], FakeInbox]:
    clock = FakeClock(0.0)
    inbox = FakeInbox(clock)
    told: list[Outcome] = []
    outcomes = verify(
        items,
        FakeScene(),
        clock,
        Waiting(clock, inbox),
        told.append,
        failed or {},
        lambda: strained,
    )
    assert sorted(it.id for it in told) == sorted(it.id for it in outcomes)
    return outcomes, inbox


def test_a_check_that_passes_is_asked_once():
    [outcome], inbox = ask(planned("topics", answers(passed("12 topics"))))
    assert outcome.status is Status.PASS
    assert outcome.observed == "12 topics"
    assert (outcome.attempts, len(inbox.asked)) == (1, 1)


def test_a_not_yet_is_asked_again_within_its_grace():
    [outcome], _ = ask(planned("topics", answers(not_yet("electing"), passed("12 topics"))))
    assert outcome.status is Status.PASS
    assert outcome.attempts == 2


def test_a_not_yet_that_outlasts_its_grace_fails_with_the_last_observation():
    [outcome], inbox = ask(planned("topics", answers(not_yet("electing", cause="kafka.no-leader"))))
    assert outcome.status is Status.FAIL
    assert (outcome.observed, outcome.cause) == ("electing", "kafka.no-leader")
    assert outcome.attempts > 3
    assert GRACE <= inbox._clock.now < GRACE + 1.5


def test_a_check_without_grace_fails_at_its_first_not_yet():
    [outcome], _ = ask(planned("topics", answers(not_yet("no")), grace=0.0))
    assert (outcome.status, outcome.attempts) == (Status.FAIL, 1)


def test_a_broken_answer_is_asked_once_more_and_then_fails():
    [outcome], inbox = ask(planned("topics", answers(WRONG)))
    assert outcome.status is Status.FAIL
    assert (outcome.cause, outcome.fix) == ("kafka.topic-missing", "create it")
    assert len(inbox.asked) == 2
    assert inbox._clock.now < 1.5


def test_broken_and_then_right_is_flaky_never_pass():
    [outcome], _ = ask(planned("topics", answers(WRONG, passed("12 topics"))))
    assert outcome.status is Status.FLAKY
    assert outcome.reason == "first: no such topic"


def test_an_exception_inside_a_check_is_unknown_never_pass():
    [outcome], _ = ask(planned("topics", answers(ZeroDivisionError("oops"))))
    assert outcome.status is Status.UNKNOWN
    assert outcome.reason == "the check itself broke: ZeroDivisionError: oops"


def test_a_refused_login_is_judged_like_any_observation():
    refused = LoginRefused(broken("401", cause="api.login-refused", fix="x", culprit="backend"))
    [outcome], _ = ask(planned("api", answers(refused)))
    assert (outcome.status, outcome.culprit) == (Status.FAIL, "backend")


def test_what_does_not_run_here_is_skipped_with_the_reason():
    [outcome], _ = ask(planned("topics", answers(NotHere("kafka", "left out by --without"))))
    assert (outcome.status, outcome.reason) == (Status.SKIPPED, "kafka: left out by --without")


def test_a_limit_skips_the_check_without_asking():
    [outcome], inbox = ask(planned("offsets", answers(passed("x")), skip="ends short"))
    assert (outcome.status, outcome.reason) == (Status.SKIPPED, "ends short")
    assert inbox.asked == []


def test_a_failed_login_blocks_what_looks_deeper_at_the_same_service():
    outcomes, inbox = ask(
        planned("topics", answers(passed("12"))),
        planned("login", answers(WRONG), level=Level.LOGIN),
        planned("keys", answers(passed("ok")), service="redis"),
    )
    topics, login, keys = outcomes
    assert (topics.status, topics.blocked_by) == (Status.BLOCKED, "kafka")
    assert topics.reason == "1/verify/kafka/login failed"
    assert login.status is Status.FAIL
    assert keys.status is Status.PASS
    assert "1/verify/kafka/topics" not in inbox.asked


def test_a_missing_object_does_not_block_another_object():
    outcomes, _ = ask(
        planned("topics", answers(WRONG), level=Level.OBJECT),
        planned("events", answers(passed("10,000")), level=Level.CONTENT),
    )
    assert [it.status for it in outcomes] == [Status.FAIL, Status.PASS]


def test_checks_of_a_service_that_did_not_come_up_are_blocked_by_its_culprit():
    outcomes, inbox = ask(planned("topics", answers(passed("x"))), failed={"kafka": "zookeeper"})
    assert (outcomes[0].status, outcomes[0].blocked_by) == (Status.BLOCKED, "zookeeper")
    assert inbox.asked == []


def test_serial_checks_run_one_after_the_other():
    running: list[str] = []

    def exclusive(name: str) -> Callable[[object], Observation]:
        left = [not_yet("again"), passed("ok")]

        def look(_scene: object) -> Observation:
            running.append(name)
            return left.pop(0)

        return look

    ask(
        planned("burst", exclusive("burst"), serial=True),
        planned("other", exclusive("other"), serial=True),
    )
    assert running == ["burst", "burst", "other", "other"]


def test_outcomes_come_in_the_order_of_the_plan():
    outcomes, _ = ask(
        planned("late", answers(not_yet("no"), passed("ok"))),
        planned("early", answers(passed("ok"))),
    )
    assert [it.id.rsplit("/", 1)[1] for it in outcomes] == ["late", "early"]


SILENT = not_yet("no answer in 3s", cause="http.silent")


def test_a_silence_on_a_machine_that_is_too_busy_is_unknown_not_the_services_fault():
    [outcome], inbox = ask(planned("login", answers(SILENT)), strained="this machine is too busy")
    assert outcome.status is Status.UNKNOWN
    assert outcome.reason == "no answer in 3s; this machine is too busy"
    assert inbox._clock.now >= GRACE + STRAINED_GRACE


def test_a_silence_on_a_machine_with_room_is_the_services_fault():
    [outcome], inbox = ask(planned("login", answers(SILENT)))
    assert outcome.status is Status.FAIL
    assert inbox._clock.now < GRACE + 1.5


def test_a_late_answer_on_a_busy_machine_still_passes():
    [outcome], _ = ask(
        planned("login", answers(*[SILENT] * 12, passed("in"))), strained="this machine is too busy"
    )
    assert outcome.status is Status.PASS


def test_what_is_wrong_in_content_is_never_excused_by_a_busy_machine():
    wrong = not_yet("3 rows", cause="postgres.rows-missing")
    [outcome], _ = ask(planned("rows", answers(wrong)), strained="this machine is too busy")
    assert outcome.status is Status.FAIL


def test_no_checks_give_no_outcomes():
    assert ask()[0] == []


def test_the_longest_check_is_asked_first_and_told_in_its_place():
    quick = planned("quick", answers(passed("yes")))
    long = planned("long", answers(passed("yes")), timeout=9.0)
    outcomes, inbox = ask(quick, long)
    assert inbox.asked == [long.id, quick.id]
    assert [it.id for it in outcomes] == [quick.id, long.id]
