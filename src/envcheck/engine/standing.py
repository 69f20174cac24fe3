"""What a service's standing means as an outcome, and how to ask for it on a running stack."""

from __future__ import annotations

from envcheck.engine.bringup import CRASHED, Member, look_at_all
from envcheck.engine.readiness import Readiness, Standing
from envcheck.engine.verification import Planned
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, Outcome, Status, broken, not_yet, passed
from envcheck.model.runtime import Runtime
from envcheck.model.service import Phase, ServiceState

_READ_LOG = "read the last lines of its log below; mend that and run `envcheck up` again"


def outcome_of(service: str, state: Readiness, wave: int, *, optional: bool) -> Outcome:
    """The ``ready`` outcome of a service that was waited for to the end."""
    seen = _seen(service, state)
    return Outcome(
        id=f"{wave}/ready/{service}",
        kind="service",
        service=service,
        wave=wave,
        phase="ready",
        status=_status(state),
        expected=_expected(state.rules.one_shot),
        observed=seen.observed,
        seconds=max(state.ended - state.started, 0.0) if state.started else 0.0,
        attempts=state.attempts,
        optional=optional,
        blocked_by=state.blocked_by,
        reason=f"{state.blocked_by} did not come up" if state.blocked_by else "",
        cause=seen.cause,
        fix=seen.fix,
        evidence=seen.evidence,
        culprit=seen.culprit,
        level=int(Level.PROCESS),
    )


def _status(state: Readiness) -> Status:
    if state.standing is Standing.BLOCKED:
        return Status.BLOCKED
    if state.standing is Standing.LATE and state.last and state.last.cause == CRASHED:
        return Status.UNKNOWN
    return Status.PASS if state.standing.good else Status.FAIL


def _expected(one_shot: bool) -> str:
    return "exits with code 0" if one_shot else "ready, and stays up"


def _seen(service: str, state: Readiness) -> Observation:
    seconds = state.ended - state.started
    if state.standing.good:
        done = state.standing is Standing.DONE
        return passed("done: exited with code 0" if done else f"ready after {seconds:.1f} s")
    match state.standing:
        case Standing.DEAD if state.seen is not None:
            return death(state.seen)
        case Standing.LOOPING:
            return _loop(state)
        case Standing.BROKEN if state.last is not None:
            return state.last
        case Standing.LATE:
            return _late(service, state, seconds)
        case _:
            return not_yet("not started")


def death(state: ServiceState) -> Observation:
    """A process that ended and will not be restarted."""
    if state.out_of_memory:
        fix = "give it more memory, or let it use less"
        return broken(state.exit_in_words, cause="service.out-of-memory", fix=fix)
    if state.error:
        return broken(state.error, cause="service.cannot-start", fix="mend what the engine says")
    cause = "service.killed" if state.signal else "service.exited"
    return broken(state.exit_in_words, cause=cause, fix=_READ_LOG)


def _loop(state: Readiness) -> Observation:
    span = state.ended - state.restarts[0]
    last = f", last {state.seen.exit_in_words}" if state.seen and state.seen.exit_code else ""
    said = f"crash loop: {len(state.restarts)} restarts in {span:.0f} s{last}"
    return broken(said, cause="service.crash-loop", fix=_READ_LOG)


def _late(service: str, state: Readiness, seconds: float) -> Observation:
    """A wait always says how it ended: the last observation, seconds and attempts."""
    last = state.waited_for or (state.last.observed if state.last else "nothing seen")
    said = f"not ready after {seconds:.1f} s and {state.attempts} looks; last seen: {last}"
    known = state.last if state.last is not None and not state.last.passed else None
    return not_yet(
        said,
        cause=(known.cause if known else "") or "service.not-ready",
        fix=(known.fix if known else "") or f"see what keeps {service} busy, or raise its timeout",
        evidence=known.evidence if known else (),
        culprit=known.culprit if known else "",
    )


def standing_now(member: Member, wave: int, runtime: Runtime, scene: Scene) -> Planned:
    """A check that the service runs (or is done) and still passes what made it ready."""

    def look(_scene: Scene) -> Observation:
        state = runtime.states()[member.name]
        bad = _not_standing(state, member.declared.one_shot)
        return bad or look_at_all(member.checks, scene)

    check = Check(
        name="up",
        service=member.name,
        level=Level.PROCESS,
        look=look,
        expected="done" if member.declared.one_shot else "runs and is ready",
        kind="service",
        timeout=sum(check.timeout for check in member.checks) + 1.0,
    )
    optional = member.declared.optional
    return Planned(f"{wave}/verify/{member.name}/up", check, wave, "verify", optional=optional)


def _not_standing(state: ServiceState, one_shot: bool) -> Observation | None:
    if state.phase is Phase.ABSENT:
        fix = "bring the environment up: `envcheck up`"
        return broken("it was never started", cause="service.absent", fix=fix)
    if state.phase is Phase.PAUSED:
        return broken("it is paused", cause="service.paused", fix="unpause it")
    if state.phase is Phase.EXITED and not (one_shot and state.exit_code == 0):
        return death(state)
    if state.phase is Phase.RUNNING or one_shot:
        return None
    return not_yet(state.detail or state.phase.value, cause="service.not-ready")
