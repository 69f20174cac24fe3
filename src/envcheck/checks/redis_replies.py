"""What the code of an error reply (its first word) means for an environment."""

from __future__ import annotations

from envcheck.model.outcome import Observation, broken, not_yet


class Refused(Exception):  # noqa: N818 (an answer to be judged, not our error)
    """An error reply: ``code`` is its first word (NOAUTH), ``words`` the rest."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code} {words}")
        self.code = code
        self.words = words


def reply_of(error: Exception) -> Refused | None:
    """The error reply behind redis-py's exception; None when the connection itself failed.

    The codes it knows are stripped off the text and kept beside it; others begin the text.
    """
    from redis.exceptions import ResponseError

    code, text = getattr(error, "status_code", None), str(error)
    if code:
        return Refused(code, text)
    if not isinstance(error, ResponseError):
        return None
    first, _, rest = text.partition(" ")
    return Refused(first, rest) if first.isupper() else Refused("ERR", text)


_HEALS = {
    "LOADING": (
        "redis.loading",
        "it still loads its data from disk",
        "wait; `INFO persistence` says how far it is",
    ),
    "BUSY": ("redis.busy", "a script keeps it busy", "end the script with SCRIPT KILL"),
    "MASTERDOWN": (
        "redis.master-down",
        "it is a replica whose master is away",
        "start the master, or point at it",
    ),
    "CLUSTERDOWN": ("redis.cluster-down", "its cluster is down", "see `CLUSTER INFO`"),
    "TRYAGAIN": ("redis.busy", "its cluster is moving keys", "wait until resharding ends"),
    "NOREPLICAS": (
        "redis.no-replicas",
        "it wants more replicas before it takes writes",
        "start the replicas, or lower min-replicas-to-write",
    ),
}

_STAYS = {
    "WRONGPASS": (
        "redis.password-refused",
        "it refuses the password",
        "align the password of the client with --requirepass (or the ACL) of the server",
    ),
    "NOAUTH": (
        "redis.password-missing",
        "it asks for a password and none is known",
        "set the password in the Compose file, or name an identity with `as:`",
    ),
    "NOPERM": (
        "redis.denied",
        "the user may not do this",
        "give the user the command and the keys in its ACL",
    ),
    "DENIED": (
        "redis.protected-mode",
        "it is in protected mode: it serves only its own machine",
        "set a password, or `--protected-mode no` where nobody else can reach it",
    ),
    "OOM": (
        "redis.out-of-memory",
        "it is out of memory and refuses writes",
        "raise maxmemory, let it evict (maxmemory-policy), or remove keys",
    ),
    "MISCONF": (
        "redis.cannot-save",
        "it cannot save to disk and refuses writes",
        "free the disk or mend the folder's rights; `--save ''` where nothing need be kept",
    ),
    "READONLY": (
        "redis.is-replica",
        "it is a replica and refuses writes",
        "point at the master, or say `role: replica` where one is meant",
    ),
    "MOVED": (
        "redis.cluster",
        "it is one node of a cluster and sends us to another",
        "point at a cluster client's address, or use a single server",
    ),
}


def reply_refused(refused: Refused) -> Observation:
    evidence = (f"the reply began with {refused.code}",)
    if refused.code in _HEALS:
        cause, observed, fix = _HEALS[refused.code]
        return not_yet(observed, cause=cause, fix=fix, evidence=evidence)
    if refused.code in _STAYS:
        cause, observed, fix = _STAYS[refused.code]
        return broken(observed, cause=cause, fix=fix, evidence=evidence)
    return broken(
        f"it refused a command: {refused}",
        cause="redis.command-refused",
        fix="see whether the server is a Redis or Valkey of a version still supported",
        evidence=evidence,
    )
