"""What a statement's SQLSTATE means for an environment."""

from __future__ import annotations

from envcheck.model.outcome import Observation, broken, not_yet

# A migration, another client or the server's own start may mend these by themselves.
_HEALS = {
    "42P01": ("postgres.table-missing", "run the migrations, or set the search_path"),
    "42703": ("postgres.column-missing", "run the migrations up to the expected revision"),
    "3F000": ("postgres.schema-missing", "run the migrations, or create the schema"),
    "55P03": ("postgres.locked", "end the transaction that holds the lock (pg_stat_activity)"),
    "57014": ("postgres.slow", "find what keeps the server busy (pg_stat_activity, pg_locks)"),
    "57P01": ("postgres.shutting-down", "see who stops the server"),
    "57P02": ("postgres.crashed", "read the server's log: a backend crashed and it restarts"),
    "57P03": ("postgres.starting-up", "wait for recovery to end; the server's log says how far"),
    "53300": ("postgres.too-many-connections", "use smaller pools, or raise max_connections"),
    "": ("postgres.connection-lost", "read the server's log: it closed a connection in use"),
}

_STAYS = {
    "42501": ("postgres.denied", "grant the role the privilege it needs"),
    "25006": ("postgres.read-only", "point at the primary, or reset default_transaction_read_only"),
    "53100": ("postgres.disk-full", "free space where the data directory lies"),
    "53200": ("postgres.out-of-memory", "give the server more memory"),
    "42883": ("postgres.function-missing", "use a PostgreSQL server of a version still supported"),
    "XX001": ("postgres.data-corrupted", "restore the data directory from a backup"),
}


def statement_refused(sqlstate: str, message: str) -> Observation:
    """Judge a failed statement; the text is for people only."""
    observed = f"the server refused a query: {first_line(message)}"
    evidence = (f"SQLSTATE {sqlstate or 'none: the connection ended'}",)
    if sqlstate in _HEALS:
        cause, fix = _HEALS[sqlstate]
        return not_yet(observed, cause=cause, fix=fix, evidence=evidence)
    cause, fix = _STAYS.get(sqlstate, ("postgres.query-failed", "look the SQLSTATE up"))
    return broken(observed, cause=cause, fix=fix, evidence=evidence)


def first_line(message: str) -> str:
    return message.strip().partition("\n")[0]
