"""How long until the next look."""

from __future__ import annotations

from tenacity import RetryCallState, Retrying, wait_exponential, wait_random

from envcheck.model.outcome import Observation

FIRST_PAUSE = 0.1  # seconds; doubles up to LONGEST_PAUSE
LONGEST_PAUSE = 1.0
# A port that refuses is asked more often: such a look costs a fifth of a millisecond on both sides,
# and a service is mostly waited for until it listens.
REFUSED_PAUSE = 0.25
REFUSED = frozenset({"network.refused", "http.refused"})

_backoff = wait_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE - 0.1) + wait_random(0, 0.1)


def backoff(misses: int) -> float:
    """Seconds before the next look after so many misses in a row: 0.1 → 1 s with jitter."""
    state = RetryCallState(retry_object=Retrying(), fn=None, args=(), kwargs={})
    state.attempt_number = max(misses, 1)
    return float(_backoff(state))


def pause_after(seen: Observation, misses: int) -> float:
    """Seconds before the next look at a service that is coming up."""
    pause = backoff(misses)
    return min(pause, REFUSED_PAUSE) if seen.cause in REFUSED else pause
