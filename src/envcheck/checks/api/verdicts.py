"""What a status other than the expected one means: who may do what they must not, or what broke."""

from __future__ import annotations

from envcheck.checks.api.request import Exchange
from envcheck.model.outcome import Answer, Observation

PASSING = (429, 502, 503, 504)  # what a service says while something behind it comes back
UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, LIMITED = 401, 403, 404, 429

_FIXES = {
    "api.token-accepted": "verify signature, expiry and algorithm (allow-list) on every request",
    "api.credential-accepted": "verify the password, or the token and its type, before answering",
    "api.no-authentication": "demand a token on this path",
    "api.tenant-leak": "check on the server whom the object belongs to; answer 403 or 404",
    "api.access-granted": "check the caller's role on the server",
    "api.server-error": "see the service's log: whatever is asked, it must not break",
    "api.unavailable": "see the service's log and those of what it depends on",
    "api.rate-limited": "wait for the window, or raise the limit of the tenant these checks use",
    "api.token-refused": "give every service the same signing secret; see that the user is there",
    "api.wrong-refusal": "no or a bad token: 401; a valid one without the right: 403",
    "api.status": "correct what the service answers, or the check",
}


_ACCEPTED = {
    "header": "api.token-accepted",
    "body": "api.credential-accepted",
    "": "api.no-authentication",
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
        return "api.rate-limited" if found == LIMITED else "api.unavailable"
    if found // 100 == 5:  # noqa: PLR2004 (any server error)
        return "api.server-error"
    return _refused(exchange, allowed) if found in (UNAUTHENTICATED, FORBIDDEN) else "api.status"


def _refused(exchange: Exchange, allowed: tuple[int, ...]) -> str:
    """A refusal where success, or the other refusal, was due."""
    if {UNAUTHENTICATED, FORBIDDEN} & {*allowed}:
        return "api.wrong-refusal"
    unknown = exchange.answer.status == UNAUTHENTICATED and exchange.credential
    return "api.token-refused" if unknown else "api.status"


def _let_in(exchange: Exchange, allowed: tuple[int, ...], foreign: bool) -> str:
    """Success where a refusal was due."""
    if UNAUTHENTICATED in allowed:
        return _ACCEPTED[exchange.credential]
    if {FORBIDDEN, NOT_FOUND} & {*allowed} and foreign:
        return "api.tenant-leak"
    return "api.access-granted" if FORBIDDEN in allowed else "api.status"
