from __future__ import annotations

from collections.abc import Callable
from functools import partial

from envcheck.engine.inbox import Answered, ThreadInbox
from envcheck.engine.pauses import LONGEST_PAUSE, REFUSED_PAUSE, backoff, pause_after
from envcheck.engine.waiting import PER_SERVICE, SAFETY_TICK, Waiting
from envcheck.model.outcome import Observation, not_yet, passed
from envcheck.model.service import Phase, ServiceState
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox


class Subject:
    """Ends after as many good looks as wanted."""

    def __init__(self, key: str, look: Callable[[], Observation], wanted: int = 1) -> None:
        self.key = self.service = key
        self.patience = 3.0
        self._look = look
        self._wanted = wanted
        self._next: float | None = 0.0
        self.heard: list[Observation | Exception] = []
        self.seen: list[ServiceState] = []
        self.ticks: list[float] = []

    @property
    def ended(self) -> bool:
        good = [it for it in self.heard if isinstance(it, Observation) and it.passed]
        return len(good) >= self._wanted

    def due(self) -> float | None:
        return self._next

    def wakes(self) -> float | None:
        return None

    def look(self) -> Observation:
        return self._look()

    def hear(self, result: Observation | Exception, now: float) -> None:
        self.heard.append(result)
        self._next = now + 1.0

    def see(self, state: ServiceState, now: float) -> None:
        self.seen.append(state)
        self.heard.append(passed("seen"))

    def tick(self, now: float) -> None:
        self.ticks.append(now)


def wait(*subjects: Subject, inbox: FakeInbox | None = None, at_once: int = 32) -> FakeInbox:
    clock = FakeClock(0.0)
    inbox = inbox or FakeInbox(clock)
    inbox._clock.now = 0.0
    Waiting(inbox._clock, inbox, at_once).until_ended(subjects)
    return inbox


def test_a_subject_is_asked_until_it_has_ended():
    answers = iter([not_yet("no"), not_yet("no"), passed("yes")])
    subject = Subject("db", lambda: next(answers))
    inbox = wait(subject)
    assert inbox.asked == ["db", "db", "db"]
    assert inbox._clock.now == 2.0


def test_all_subjects_wait_at_the_same_time():
    subjects = [Subject(name, lambda: passed("yes"), wanted=2) for name in "abc"]
    inbox = wait(*subjects)
    assert inbox._clock.now == 1.0
    assert sorted(inbox.asked) == ["a", "a", "b", "b", "c", "c"]


def test_a_look_that_never_answers_is_abandoned_when_its_patience_ends():
    inbox = FakeInbox(FakeClock(0.0))
    inbox.silent = {"db"}
    subject = Subject("db", lambda: passed("late"))
    hear = subject.hear

    def once(result: Observation | Exception, now: float) -> None:
        hear(result, now)
        inbox.silent.clear()

    subject.hear = once  # type: ignore[method-assign]
    wait(subject, inbox=inbox)
    first = subject.heard[0]
    assert isinstance(first, Observation)
    assert first.observed == "no answer in 3s"
    assert inbox._clock.now >= 3.0


def test_an_answer_that_comes_after_it_was_abandoned_is_not_heard():
    inbox = FakeInbox(FakeClock(0.0))
    subject = Subject("db", lambda: passed("yes"))
    waiting = Waiting(inbox._clock, inbox)
    waiting._ticket = 7  # as if seven looks had been sent
    inbox.put(Answered("db", 3, passed("from an abandoned look")))
    waiting.until_ended([subject])
    assert [it.observed for it in subject.heard if isinstance(it, Observation)] == ["yes"]


def test_a_report_of_the_runtime_reaches_its_service_only():
    inbox = FakeInbox(FakeClock(0.0))
    one = Subject("db", lambda: not_yet("no"))
    two = Subject("api", lambda: passed("yes"))
    state = ServiceState("db", Phase.EXITED, exit_code=1)
    inbox.later = [(0.2, state)]
    wait(one, two, inbox=inbox)
    assert one.seen == [state]
    assert two.seen == []
    assert inbox._clock.now < 1.0


def test_an_exception_inside_a_look_is_heard_as_such():
    def explode() -> Observation:
        raise ZeroDivisionError("oops")

    answers: list[Callable[[], Observation]] = [explode, lambda: passed("yes")]
    subject = Subject("db", lambda: answers.pop(0)())  # noqa: PLW0108 (a new one each time)
    wait(subject)
    assert isinstance(subject.heard[0], ZeroDivisionError)


def test_no_more_looks_fly_than_allowed_and_none_is_forgotten():
    subjects = [Subject(f"s{number}", lambda: passed("yes")) for number in range(10)]
    inbox = wait(*subjects, at_once=2)
    assert len(inbox.asked) == 10


def test_one_service_is_not_asked_by_more_than_a_few_looks_at_once():
    inbox = FakeInbox(FakeClock(0.0))
    subjects = [Subject(f"check {number}", lambda: passed("yes")) for number in range(20)]
    for subject in subjects:
        subject.service = "api"
    waiting = Waiting(inbox._clock, inbox)
    most = 0

    def count() -> None:
        nonlocal most
        most = max(most, len(waiting._flying))

    waiting.until_ended(subjects, count)
    assert sorted(inbox.asked) == sorted(subject.key for subject in subjects)
    assert most <= PER_SERVICE


def test_the_loop_never_sleeps_longer_than_its_safety_tick():
    inbox = FakeInbox(FakeClock(0.0))
    inbox.later = [(30.0, ServiceState("db", Phase.RUNNING))]
    subject = Subject("db", lambda: not_yet("no"))
    subject._next = None
    wait(subject, inbox=inbox)
    gaps = [after - before for before, after in zip(subject.ticks, subject.ticks[1:], strict=False)]
    assert max(gaps) <= SAFETY_TICK + 1e-9


def test_the_pause_doubles_up_to_its_limit_with_jitter():
    first = [backoff(1) for _ in range(50)]
    late = [backoff(9) for _ in range(50)]
    assert all(0.1 <= pause <= 0.2 for pause in first)
    assert all(LONGEST_PAUSE - 0.1 <= pause <= LONGEST_PAUSE for pause in late)
    assert len(set(first)) > 1


def test_a_port_that_refuses_is_asked_more_often_than_one_that_answers_not_yet():
    refused = not_yet("refuses the connection", cause="network.refused")
    assert max(pause_after(refused, 9) for _ in range(50)) == REFUSED_PAUSE
    assert 0.1 <= pause_after(refused, 1) <= 0.2
    assert pause_after(not_yet("starting up", cause="http.status"), 9) >= LONGEST_PAUSE - 0.1


def test_the_threaded_inbox_answers_looks_and_carries_reports():
    inbox = ThreadInbox()
    inbox.ask("db", 1, partial(passed, "yes"))
    answered = inbox.take(5.0)
    assert answered is not None
    assert not isinstance(answered, ServiceState)
    assert (answered.key, answered.ticket) == ("db", 1)
    inbox.put(ServiceState("db", Phase.RUNNING))
    assert isinstance(inbox.take(5.0), ServiceState)
    assert inbox.take(0.0) is None
