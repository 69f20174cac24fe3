"""What one cause says about another: the rules to extend for a new cause the tool can name."""

from __future__ import annotations

from collections.abc import Mapping

# Seen from outside: may as well be the fault of something behind the service.
_SECOND_HAND = ("api.", "http.", "job.", "check.", "service.not-ready")
# Seen from outside, but explained only by what stands here: the beginnings of causes behind it.
_RESTS_ON: Mapping[str, tuple[str, ...]] = {
    "api.token-accepted": (),
    "api.token-signature": (),
    "api.token-refused": ("postgres.rows", "postgres.table"),  # the user it speaks of is gone
    "api.tenant-leak": ("postgres.r", "postgres.policy"),  # row security, roles around it, rows
    "api.no-rate-limit": ("redis.", "postgres.rows", "postgres.table", "service.", "network."),
}
# A wrong that brings others along, at the same server.
_SCHEMA = (
    "postgres.table-missing",
    "postgres.column-missing",
    "postgres.row-security-off",
    "postgres.policy-missing",
    "postgres.rows-missing",
)
_BRINGS: Mapping[str, tuple[str, ...]] = {
    "postgres.migration-missing": _SCHEMA,
    "postgres.migration-behind": _SCHEMA,
    "postgres.row-security-off": ("postgres.row-security-leaks",),
    "postgres.row-security-not-forced": ("postgres.row-security-leaks",),
    "postgres.role-bypasses-row-security": ("postgres.row-security-leaks",),
    "api.token-signature": ("api.token-refused",),
    "api.token-refused": ("job.denied",),
}
# Tokens travel: whoever gets a badly signed one refuses it, wherever it was issued.
_TRAVELS = ("api.token-signature",)


def second_hand(cause: str) -> bool:
    """True for what is seen through a service and may be caused behind it."""
    return not cause or (cause.startswith(_SECOND_HAND) and cause not in _RESTS_ON)


def rests_on(cause: str, behind: str) -> bool:
    """Whether ``behind``, found at a service it needs, explains ``cause``."""
    if cause in _RESTS_ON:
        return behind.startswith(_RESTS_ON[cause])
    return second_hand(cause)


def brings(cause: str, other: str, *, same_service: bool) -> bool:
    """Whether ``cause`` is why there is ``other``."""
    return (same_service or cause in _TRAVELS) and other in _BRINGS.get(cause, ())
