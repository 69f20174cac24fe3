"""What a Redis should do: keep what it is given, in time, for as long as it was told."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from envcheck.checks.redis_replies import Refused
from envcheck.checks.redis_talk import Talk
from envcheck.model.amount import amount
from envcheck.model.outcome import Observation, broken, not_yet, passed

PINGS = 20  # a p95 of fewer is the maximum
LIFE = 30  # seconds a key of ours may live should its deletion fail


def logged_in(talk: Talk) -> Observation:
    try:
        talk("PING")
    except Refused as refused:
        # Both come after the login: who may not PING, or may not write now, is in all the same.
        if refused.code not in ("NOPERM", "MISCONF"):
            raise
    return passed("the password is accepted")


def in_role(wanted: str) -> Callable[[Talk], Observation]:
    def ask(talk: Talk) -> Observation:
        info = talk.info("replication")
        role = "master" if info.get("role") == "master" else "replica"
        if role == wanted:
            return passed(role)
        if role == "master":
            return broken(
                "it is a master",
                cause="redis.is-master",
                fix="start it with --replicaof, or correct `role:`",
            )
        return broken(
            f"it is a replica of {info.get('master_host')}:{info.get('master_port')}",
            cause="redis.is-replica",
            fix="point at the master, or end the replication with REPLICAOF NO ONE",
            evidence=(f"its link to the master is {info.get('master_link_status')}",),
        )

    return ask


def round_trip(talk: Talk) -> Observation:
    """Write, read, see it expire in time, delete: on a key nobody else has."""
    key, value = f"envcheck:{secrets.token_hex(8)}", secrets.token_hex(8)
    talk("SET", key, value, "EX", LIFE)
    try:
        read, left = talk("GET", key), int(talk("TTL", key))
    finally:
        deleted = talk("DEL", key)
    if read != value:
        return broken(
            "a value written a moment ago reads differently" if read else "it lost a key at once",
            cause="redis.lost-write",
            fix="see whether it evicts at once (maxmemory), or a proxy answers in its place",
        )
    if not 0 < left <= LIFE:
        return broken(
            f"a key given {LIFE} s to live has {left} s",
            cause="redis.ttl-ignored",
            fix="use a server that honours EX",
        )
    if not int(deleted):
        return not_yet(
            "a key vanished before it was deleted",
            cause="redis.lost-write",
            fix="see what deletes or evicts keys",
        )
    return passed("writes, reads, expires and deletes")


def saves(talk: Talk) -> Observation:
    """Nothing to save is fine; a save that failed is not."""
    info = talk.info("persistence")
    fields = ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")
    failed = [name for name in fields if info.get(name, "ok") != "ok"]
    if not failed:
        return passed("no save has failed")
    return broken(
        "its last save to disk failed",
        cause="redis.cannot-save",
        fix="free the disk or mend the folder's rights; `--save ''` where nothing need be kept",
        evidence=tuple(f"{name}: {info[name]}" for name in failed),
    )


def evicts(wanted: int | str) -> Callable[[Talk], Observation]:
    def ask(talk: Talk) -> Observation:
        count = int(talk.info("stats").get("evicted_keys", "0"))
        if amount(wanted).holds(count):
            return passed(f"{count} keys evicted since it started")
        memory = talk.info("memory")
        return broken(
            f"{count} keys evicted since it started",
            cause="redis.evictions",
            fix="raise maxmemory, shorten what is kept, or allow it with `evictions:`",
            evidence=(
                f"{memory.get('used_memory_human')} used of {memory.get('maxmemory_human')}",
                f"policy {memory.get('maxmemory_policy')}",
            ),
        )

    return ask


def answers_within(seconds: float) -> Callable[[Talk], Observation]:
    def ask(talk: Talk) -> Observation:
        talk("ECHO", "envcheck")  # the connection is opened by the first command
        taken = sorted(_ping(talk) for _ in range(PINGS))
        p95 = taken[PINGS * 95 // 100 - 1]  # nearest rank
        observed = f"p95 {p95 * 1000:.1f} ms over {PINGS} pings"
        if p95 <= seconds:
            return passed(observed)
        return not_yet(
            observed,
            cause="redis.slow",
            fix="see `SLOWLOG GET`, and what keeps this machine busy",
        )

    return ask


def _ping(talk: Talk) -> float:
    started = time.perf_counter()
    try:
        talk("PING")
    except Refused as refused:
        if refused.code != "MISCONF":  # an answer as good as another, to a clock
            raise
    return time.perf_counter() - started
