"""What a status other than the expected one means: who may do what they must not, or what broke."""

from __future__ import annotations

from envcheck.checks.api.request import Exchange
from envcheck.model.outcome import Answer, Observation

PASSING = (502, 503, 504, 429)  # what a service says while something behind it comes back
UNAUTHENTICATED, FORBIDDEN, NOT_FOUND = 401, 403, 404

_FIXES = {
    "api.token-accepted": "verify signature, expiry and algorithm (allow-list) on every request",
    "api.no-authentication": "demand a token on this path",
    "api.tenant-leak": "check on the server whom the object belongs to; answer 403 or 404",
    "api.access-granted": "check the caller's role on the server",
    "api.server-error": "see the service's log: whatever is asked, it must not break",
    "api.unavailable": "see the service's log and those of what it depends on",
    "api.rate-limited": "wait for the window, or raise the limit of the tenant these checks use",
    "api.wrong-refusal": "no or a bad token: 401; a valid one without the right: 403",
    "api.status": "correct what the service answers, or the check",
}


def wrong_status(
    exchange: Exchange, wanted: int | tuple[int, ...] | None, *, foreign: bool
) -> Observation:
    found = exchange.answer.status
    allowed = (wanted,) if isinstance(wanted, int) else wanted or ()
    cause = _cause(exchange, allowed, foreign)
    return Observation(
        Answer.NOT_YET if found in PASSING else Answer.BROKEN,
        f"{exchange.asked} answered {found}",
        f"status {' or '.join(map(str, allowed)) or '2xx'}",
        cause,
        _FIXES[cause],
        exchange.evidence,
        exchange.service,
    )


def _cause(exchange: Exchange, allowed: tuple[int, ...], foreign: bool) -> str:
    found = exchange.answer.status
    if found // 100 == 2:  # noqa: PLR2004 (any success)
        return _let_in(exchange, allowed, foreign)
    if found in PASSING:
        return "api.rate-limited" if found == 429 else "api.unavailable"  # noqa: PLR2004
    if found // 100 == 5:  # noqa: PLR2004 (any server error)
        return "api.server-error"
    refusals = {UNAUTHENTICATED, FORBIDDEN}
    return "api.wrong-refusal" if found in refusals and refusals & {*allowed} else "api.status"


def _let_in(exchange: Exchange, allowed: tuple[int, ...], foreign: bool) -> str:
    """Success where a refusal was due."""
    if UNAUTHENTICATED in allowed:
        return "api.token-accepted" if exchange.credential else "api.no-authentication"
    if {FORBIDDEN, NOT_FOUND} & {*allowed} and foreign:
        return "api.tenant-leak"
    return "api.access-granted" if FORBIDDEN in allowed else "api.status"
